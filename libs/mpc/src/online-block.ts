import { type Field, lagrangeCoefficients } from '@boop/field';
import { type LaneArena } from '@boop/kernels';
import { type RoundProtocol, uint32 } from '@boop/shared';
import { sha256 } from '@noble/hashes/sha2.js';
import { backEnds } from './back-ends.ts';
import { BooleanEngine, type OpeningRecorder, type Rounds, type SharedBits, sliceBytes } from './boolean-engine.ts';
import { type CorrelationBlock } from './correlation-block.ts';
import { type BlockShape, orBytes, type OrForm, orShifts, sumMatches } from './decision.ts';
import { intervalTest } from './interval.ts';
import { type MatchSums, type Opening } from './match-sums.ts';
import { type BlockParty } from './offline-block.ts';
import { type Prf, softwareAesCtr } from './prf.ts';
import { interpolated, maskedShares, packed, unpacked } from './lane-residues.ts';
import { badInput, checkBlockShape } from './masked-scores.ts';
import { checkWide, openWide, type WideOpening } from './wide-opening.ts';

export interface BlockScores extends BlockShape {
  /** 16 bytes, used once under these keys; `blockId` makes one per block of a run. */
  readonly runId: Uint8Array;
  /** At least probes·shifts·rows lanes, made in the same arena. */
  readonly correlations: CorrelationBlock;
  /** This node's shares of degree 2t of the scores, canonical: products[(probe·shifts + shift)·rows + row]. Copied. */
  readonly products: Uint16Array;
  /** Every score lies in (scoreMax − p, scoreMax]. */
  readonly scoreMax: number;
  /** Accepting scores are θ … scoreMax. */
  readonly theta: number;
  /** With correlations of wider holders: what they all open, see {@link WideOpening}. */
  readonly wide?: WideOpening;
  readonly onOpen?: OpeningRecorder;
}

export interface OnlineBlockInput extends BlockScores {
  readonly opening: Opening;
  /** `sum` unless said otherwise; `all` always takes the tree. */
  readonly orForm?: OrForm;
}

/** Ids of the blocks of a run, for `batchId` and `runId`: 16 bytes of SHA-256(id ‖ index). */
export const blockId = (id: Uint8Array, index: number): Uint8Array => sha256(Uint8Array.of(...id, ...uint32(index))).slice(0, 16);

/**
 * Compares one block of probes × shifts × rows in one committee: semi-honest, so a lying member can turn its result; what is accepted is run again
 * by a family of committees (`committeeFamily`). Malformed messages abort and name their sender. Opens c = S + r per lane, uniform whatever S is,
 * and nothing else; the sums it returns go to `openMatches`. One message per round and peer. Rounds: `backEnds[…].onlineRounds`, and ⌈log2 shifts⌉ more
 * where shifts are joined by a tree. Bits sent per lane and member: `backEnds[…].onlineBits`, a tree one bit per shift and row less one.
 * With `wide` the holders outside the committee run `contributeBlock`, and c is checked as a Reed-Solomon word over all of them before it is used: one more
 * round, bits(p) per lane, outsider and member; aborts `comparison.inconsistent-word`.
 * Payloads are views of the arena, valid until the protocol is resumed: copy them or hand them out before (roundMachine copies). The arena belongs to
 * this block until its end.
 */
export function* onlineBlock(party: BlockParty, arena: LaneArena, input: OnlineBlockInput): RoundProtocol<MatchSums> {
  return yield* withBits(party, arena, input, (engine, bits) => sumMatches(engine, bits, input, input.opening, input.orForm ?? 'sum'));
}

/**
 * The same, and then opens the bit of every row (OR over its shifts) to the committee: for measurements in which each row's bit is the result, and for
 * nothing that concerns people. @returns per probe ⌈rows/128⌉·4 words, row i in bit i mod 32
 */
export function* onlineBits(party: BlockParty, arena: LaneArena, input: BlockScores): RoundProtocol<Uint32Array> {
  return yield* withBits(party, arena, input, function* (engine, bits) {
    const bytes = input.probes * sliceBytes(input.rows);
    // Vectors of all probes lie one behind the other.
    const [matches] = (yield* orShifts(engine, bits, input)) as [SharedBits];
    const opened = yield* engine.open(matches, bytes);
    const words = new Uint32Array(arena.view(opened, bytes).slice().buffer);
    input.onOpen?.('rows', words);
    return words;
  });
}

function* withBits<Output>(party: BlockParty, arena: LaneArena, input: BlockScores, finish: (engine: BooleanEngine, bits: SharedBits) => Rounds<Output>): RoundProtocol<Output> {
  const { keys, p, backEnd, prf = softwareAesCtr } = party;
  const { theta, scoreMax, probes, rows, shifts } = input;
  const replication = keys.checkFor(party.self, party.committee, party.threshold);
  const field = checkBlockShape(p, party.committee, backEnd, input, input.wide?.holders ?? party.committee);
  if (!Number.isInteger(theta) || !Number.isInteger(scoreMax) || theta > scoreMax || scoreMax - theta + 1 >= p) throw badInput('θ must leave an interval shorter than p');
  if (input.wide) checkWide({ self: party.self, committee: party.committee, threshold: party.threshold, wide: input.wide });
  const streams = keys.streams('comparison', input.runId, prf);
  const correlations = input.correlations.consume(arena);
  const count = probes * shifts * rows;
  const bytes = sliceBytes(count);
  try {
    const engine = new BooleanEngine(replication, streams, arena, Math.max(bytes, probes * sliceBytes(rows), orBytes(input)));
    const shares = maskedShares(arena, field, input.products, correlations);
    const opened = input.wide
      ? yield* openWide(arena, field, { ...party, ...input, origins: [input.correlations.origin], wide: input.wide }, shares, count)
      : yield* openMasked(arena, field, party, shares, count);
    input.onOpen?.('masked-scores', new Uint16Array(arena.view(opened, 2 * count).slice().buffer));
    const tables = { widths: backEnds[backEnd].digitWidths(p), rows: correlations.rows, stride: sliceBytes(correlations.lanes) };
    const bits = yield* intervalTest(engine, p, opened, bytes * 8, theta, scoreMax, tables);
    return yield* finish(engine, bits);
  } finally {
    for (const stream of streams) stream.wipe();
  }
}

/** c per lane: a word of degree 2t over 2t + 1 points, interpolated at 0. One round, bits(p)·lanes to each member. @returns its offset; lanes beyond `count` are 0 */
function* openMasked(arena: LaneArena, field: Field, { committee, self }: BlockParty, shares: number, count: number): Rounds<number> {
  const others = committee.filter((party) => party !== self);
  const payload = packed(arena, field, shares, count);
  const received = yield { send: others.map((to) => ({ to, payload })), receiveFrom: others };
  const words = new Map(others.map((party) => [party, unpacked(arena, field, received.get(party)!, count, party)]));
  words.set(self, shares);
  return interpolated(arena, field, committee.map((party) => words.get(party)!), lagrangeCoefficients(field, committee), count);
}

/** Everything that a holder outside the committee needs for its part of a block. */
export interface ContributionInput extends Pick<BlockScores, 'runId' | 'products' | 'correlations' | 'probes' | 'rows' | 'shifts' | 'firstRow'> {
  readonly wide: WideOpening;
}

/** A holder's side outside the committee: it sends its shares of c and learns nothing. Two rounds, bits(p) per lane and member. */
export function* contributeBlock(party: Omit<BlockParty, 'keys'> & { readonly prf?: Prf }, arena: LaneArena, input: ContributionInput): RoundProtocol<void> {
  const { self, committee, threshold, p, backEnd } = party;
  if (committee.includes(self)) throw badInput('a member of the committee compares');
  checkWide({ self, committee, threshold, wide: input.wide });
  const field = checkBlockShape(p, committee, backEnd, input, input.wide.holders);
  const correlations = input.correlations.consume(arena);
  const count = input.products.length;
  yield* openWide(arena, field, { ...party, ...input, origins: [input.correlations.origin] }, maskedShares(arena, field, input.products, correlations), count);
}

