import { createField } from '@boop/field';
import { type LaneArena } from '@boop/kernels';
import { BoopError, type PartyId, type RoundProtocol } from '@boop/shared';
import { type BackEndName, backEnds } from './back-ends.ts';
import { BooleanEngine, type Rounds, type SharedBits, sliceBytes } from './boolean-engine.ts';
import { type CommitteeKeys } from './committee-keys.ts';
import { CorrelationBlock } from './correlation-block.ts';
import { type HolderKeys } from './holder-keys.ts';
import { type Holding } from './holding.ts';
import { type Adder, dealtOffset, type SharedNumber, sumModulo } from './modular-adders.ts';
import { oneHot } from './one-hot.ts';
import { type KeyStream, type Prf, softwareAesCtr } from './prf.ts';
import { type Replication } from './replication.ts';
import { checkWideHolders, drawMasks, foldComponents, wideStreams } from './wide-masks.ts';

/** One member of one committee and how it compares: the same for all blocks. */
export interface BlockParty {
  readonly self: PartyId;
  readonly committee: readonly PartyId[];
  readonly threshold: number;
  readonly keys: CommitteeKeys;
  /** 8191 or 65521. */
  readonly p: number;
  readonly backEnd: BackEndName;
  /** How the bits of r are summed; `ripple` (fewest bytes) unless said otherwise. */
  readonly adder?: Adder;
  /**
   * Keys of 3t + 1 or more holders, the committee among them: they all get shares of r, so that c is a word with redundancy. Those outside
   * the committee call `outsideBlock`.
   */
  readonly wideKeys?: HolderKeys;
  readonly prf?: Prf;
}

export interface BlockRequest {
  /** 16 bytes, used once under these keys. */
  readonly batchId: Uint8Array;
  /** A positive multiple of 32. */
  readonly lanes: number;
}

/**
 * Random r per lane, made ahead of the comparisons and left in the arena: shared over F_p (degree t, with a zero sharing of degree 2t folded in),
 * and its digits over GF(2) as the back end wants them. r is the sum of one pseudorandom component per t-subset of the committee, or of the wider
 * holders (Cramer–Damgård–Ishai 2005), so no t of them and no outsider know it. Each of t members deals the bits of the sum of components that it holds
 * in full, the last component is held by the t + 1 others, and t + 1 numbers are added instead of C(2t + 1, t); who deals follows from the batch id.
 * Rounds and bits: `backEnds[…].offlineRounds`, `.offlineBits`; t = 1 over 8191 with digits: 28 rounds, 6.5 B per lane.
 */
export function* offlineBlock(party: BlockParty, arena: LaneArena, { batchId, lanes }: BlockRequest): RoundProtocol<CorrelationBlock> {
  const { keys, p, backEnd, adder = 'ripple', prf = softwareAesCtr } = party;
  const replication = keys.checkFor(party.self, party.committee, party.threshold);
  checkBlock(p, lanes);
  const bytes = sliceBytes(lanes);
  const widths = backEnds[backEnd].digitWidths(p);
  const source = maskSource(party, replication, { batchId, lanes }, prf);
  const streams = keys.streams('correlation/bits', batchId, prf);
  try {
    const mask = newResidues(arena, lanes);
    const rows = replication.held.map(() => arena.allocate(backEnds[backEnd].tableRows(p) * bytes));
    const mark = arena.mark();
    const engine = new BooleanEngine(replication, streams, arena, bytes);
    const { plain, dealt } = yield* sharedSummands(engine, p, source, mask, batchId);
    const bits = yield* sumModulo(engine, p, plain, dealt, bytes, adder);
    yield* writeTables(engine, bits, widths, rows, bytes);
    arena.release(mark);
    const scope = { p, batchId, committee: replication.committee, holders: source.holding.parties, backEnd };
    return new CorrelationBlock(scope, arena, { lanes, mask, rows });
  } finally {
    for (const stream of [...streams, ...source.streams]) stream.wipe();
  }
}

/** The masks of a block at a holder outside its committee: shares of the same r, without its bits. Local; same keys, id and lanes as the committee's. */
export function outsideBlock(party: Omit<BlockParty, 'keys'> & { readonly wideKeys: HolderKeys }, arena: LaneArena, { batchId, lanes }: BlockRequest): CorrelationBlock {
  const { self, committee, threshold, wideKeys, p, backEnd, prf = softwareAesCtr } = party;
  checkBlock(p, lanes);
  const holding = checkWideHolders(wideKeys, self, committee, threshold);
  if (committee.length !== 2 * threshold + 1 || committee.includes(self)) throw new BoopError('committee.malformed', 'a holder outside a committee of 2t + 1 holds masks alone', { kind: 'fatal' });
  const streams = wideStreams(wideKeys, { committee, p, batchId, lanes }, prf);
  try {
    const mask = newResidues(arena, lanes);
    drawMasks(arena, createField(p), holding, streams, mask, paddedLanes(lanes));
    return new CorrelationBlock({ p, batchId, committee, holders: holding.parties, backEnd }, arena, { lanes, mask, rows: [] });
  } finally {
    for (const stream of streams) stream.wipe();
  }
}

const paddedLanes = (lanes: number): number => sliceBytes(lanes) * 8;

function newResidues(arena: LaneArena, lanes: number): number {
  const at = arena.allocate(2 * paddedLanes(lanes));
  arena.view(at, 2 * paddedLanes(lanes)).fill(0);
  return at;
}

function checkBlock(p: number, lanes: number): void {
  if (p !== 8191 && p !== 65521) throw new BoopError('correlation.modulus', 'p is 8191 or 65521', { kind: 'fatal' });
  if (!Number.isInteger(lanes) || lanes < 32 || lanes % 32 !== 0) throw new BoopError('correlation.lanes', 'lanes come in groups of 32', { kind: 'fatal' });
}

/** What r is the sum of, and to which component of the committee each summand goes. */
interface MaskSource {
  readonly holding: Holding;
  readonly streams: readonly KeyStream[];
  readonly target: readonly number[];
}

function maskSource({ self, committee, threshold, keys, wideKeys, p }: BlockParty, replication: Replication, { batchId, lanes }: BlockRequest, prf: Prf): MaskSource {
  if (!wideKeys) return { holding: replication, streams: keys.streams('correlation/residues', batchId, prf), target: replication.components.map((_, component) => component) };
  const holding = checkWideHolders(wideKeys, self, committee, threshold);
  return { holding, streams: wideStreams(wideKeys, { committee, p, batchId, lanes }, prf), target: foldComponents(holding, replication) };
}

/**
 * Draws r: its shares over F_p into `mask`, and the bits of t + 1 numbers that it is the sum of. Dealer j's number is the sum of what it holds and the
 * dealers before it don't; the component that all t dealers lack is the last number.
 */
function* sharedSummands(engine: BooleanEngine, p: number, { holding, streams, target }: MaskSource, mask: number, batchId: Uint8Array): Rounds<{ plain: SharedNumber; dealt: SharedNumber[] }> {
  const { arena, replication } = engine;
  const { components, committee, threshold, me, held } = replication;
  const field = createField(p);
  const bytes = engine.bytesMax;
  const lanes = bytes * 8;
  const dealers = Array.from({ length: threshold }, (_, i) => (batchId[0]! + i) % committee.length);
  const numberOf = components.map(({ holders }) => dealers.findIndex((dealer) => holders.includes(dealer)));
  const mine = dealers.indexOf(me);
  const number = newResidues(arena, lanes);
  const mark = arena.mark();
  drawMasks(arena, field, holding, streams, mask, lanes, (component, values, from, count) => {
    if (numberOf[target[component]!] === mine) arena.ops.addResidues(number + 2 * from, values, count, p);
  });
  arena.release(mark);
  // Dealers sum what they deal; all others hold the last component and nothing else of that number.
  const slices = arena.allocate(field.bits * bytes);
  if (mine >= 0 && dealtOffset(p) > 0) raise(new Uint16Array(arena.view(number, 2 * lanes).buffer, number, lanes), dealtOffset(p));
  arena.ops.toSlices(number, slices, bytes, lanes, p);
  arena.view(number, 2 * lanes).fill(0);
  const last = numberOf.indexOf(-1);
  const { zero } = engine;
  const plain = Array.from({ length: field.bits }, (_, k) => held.map((component, c) => (component === last ? slices + k * bytes : zero[c]!)));
  const dealt = yield* engine.deal(dealers, mine >= 0 ? slices : undefined, field.bits, bytes);
  return { plain, dealt };
}

function raise(values: Uint16Array, by: number): void {
  for (let i = 0; i < values.length; i++) values[i]! += by;
}

/** Prefix XORs of a digit's unit vector are the bits [digit < v] for v = 1 … 2^width − 1. */
function* writeTables(engine: BooleanEngine, bits: SharedNumber, widths: readonly number[], rows: readonly number[], bytes: number): Rounds<void> {
  const { arena } = engine;
  let at = 0;
  const digits = widths.map((width) => bits.slice(at, (at += width)));
  const units = yield* oneHot(engine, digits, bytes);
  rows.forEach((table, c) => {
    let row = table;
    for (const unit of units) {
      unit.slice(0, -1).forEach((bit: SharedBits, v) => {
        if (v === 0) arena.view(row, bytes).set(arena.view(bit[c]!, bytes));
        else arena.ops.xor(row - bytes, bit[c]!, row, bytes);
        row += bytes;
      });
    }
  });
}
