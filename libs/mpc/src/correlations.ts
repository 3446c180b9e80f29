import { createField, type Field } from '@boop/field';
import { BoopError, type PartyId, type RoundProtocol } from '@boop/shared';
import { BooleanEngine } from './boolean-engine.ts';
import { type CommitteeKeys } from './committee-keys.ts';
import { CorrelationBatch } from './correlation-batch.ts';
import { type HolderKeys } from './holder-keys.ts';
import { type Holding } from './holding.ts';
import { type SharedNumber, sumModulo } from './modular-adders.ts';
import { oneHot } from './one-hot.ts';
import { type KeyStream, type Prf, softwareAesCtr } from './prf.ts';
import { addScaled } from './prss.ts';
import { type Replication } from './replication.ts';
import { bitSlices, xorInto } from './shared-bits.ts';
import { checkWideHolders, drawMasks, foldComponents, wideStreams } from './wide-masks.ts';

export interface CorrelationInput {
  readonly self: PartyId;
  readonly committee: readonly PartyId[];
  readonly threshold: number;
  readonly keys: CommitteeKeys;
  /** 8191 or 65521. */
  readonly p: number;
  /** 16 bytes, used once under these keys. */
  readonly batchId: Uint8Array;
  /** A positive multiple of 32. */
  readonly lanes: number;
  /**
   * Keys of 3t + 1 or more holders, the committee among them: they all get shares of r, so that c is a word with redundancy. Those outside
   * the committee call {@link outsideBatch}.
   */
  readonly wideKeys?: HolderKeys;
  readonly prf?: Prf;
}

/** What r is the sum of, and where each summand goes. */
interface MaskSource {
  readonly holding: Holding;
  readonly streams: readonly KeyStream[];
  /** Per component of the holding the component of the committee. */
  readonly target: readonly number[];
}

/** Widths of the two digits whose unit vectors are shared, low digit first. */
export const digitWidths = (p: number): readonly [number, number] => (p === 8191 ? [6, 7] : [8, 8]);

/**
 * Random r per lane, made ahead of the comparisons: shared over F_p (degree t, with a zero sharing of degree 2t folded in) and
 * its two digits as unit vectors over GF(2). r is the sum of one pseudorandom component per t-subset of the committee, or of
 * the wider holders (Cramer–Damgård–Ishai 2005), so no t of them and no outsider know it. Cost per lane and member, t = 1: 27 bytes over 8191,
 * 29 rounds per batch; the bits of r come out of adders over the components' bits.
 */
export function* correlationBatch(input: CorrelationInput): RoundProtocol<CorrelationBatch> {
  const { keys, p, lanes } = input;
  const replication = keys.checkFor(input.self, input.committee, input.threshold);
  const field = checkBatch(p, lanes);
  const prf = input.prf ?? softwareAesCtr;
  const source = maskSource(input, replication, prf);
  const engine = new BooleanEngine(replication, keys.streams('correlation/bits', input.batchId, prf));
  try {
    const mask = new Uint16Array(lanes);
    const numbers = numberShares(field, replication, source, lanes, mask);
    const bits = yield* sumModulo(engine, p, numbers);
    const [low, high] = digitWidths(p);
    const units = yield* oneHot(engine, [bits.slice(0, low), bits.slice(low, low + high)]);
    // Prefix XORs of a unit vector are the bits [digit < v] for v = 1 … 2^width: one look-up instead of a sum online.
    const prefixes = replication.held.map((_, c) => {
      const table = new Uint32Array((units[0]!.length + units[1]!.length) * (lanes / 32));
      let row = 0;
      for (const unit of units) {
        const sum = new Uint32Array(lanes / 32);
        for (const bit of unit) {
          xorInto(sum, bit[c]!);
          table.set(sum, row++ * (lanes / 32));
        }
      }
      return table;
    });
    const { committee } = replication;
    return new CorrelationBatch({ p, batchId: input.batchId, committee, holders: source.holding.parties }, lanes, mask, prefixes);
  } finally {
    engine.wipe();
    for (const stream of source.streams) stream.wipe();
  }
}

function checkBatch(p: number, lanes: number): Field {
  if (p !== 8191 && p !== 65521) throw new BoopError('correlation.modulus', 'p is 8191 or 65521', { kind: 'fatal' });
  if (!Number.isInteger(lanes) || lanes < 32 || lanes % 32 !== 0) throw new BoopError('correlation.lanes', 'lanes come in groups of 32', { kind: 'fatal' });
  return createField(p);
}

function maskSource({ self, committee, threshold, keys, wideKeys, batchId, p, lanes }: CorrelationInput, replication: Replication, prf: Prf): MaskSource {
  if (!wideKeys) return { holding: replication, streams: keys.streams('correlation/residues', batchId, prf), target: replication.components.map((_, component) => component) };
  const holding = checkWideHolders(wideKeys, self, committee, threshold);
  return { holding, streams: wideStreams(wideKeys, { committee, p, batchId, lanes }, prf), target: foldComponents(holding, replication) };
}

/**
 * The masks of a batch at a holder outside its committee: shares of the same r, without its bits. Local; the committee makes the
 * batch with the same keys, id and lanes.
 */
export function outsideBatch({ self, committee, threshold, wideKeys, p, batchId, lanes, prf = softwareAesCtr }: Omit<CorrelationInput, 'keys'> & { readonly wideKeys: HolderKeys }): CorrelationBatch {
  const field = checkBatch(p, lanes);
  const holding = checkWideHolders(wideKeys, self, committee, threshold);
  if (committee.length !== 2 * threshold + 1 || committee.includes(self)) throw new BoopError('committee.malformed', 'a holder outside a committee of 2t + 1 holds masks alone', { kind: 'fatal' });
  const streams = wideStreams(wideKeys, { committee, p, batchId, lanes }, prf);
  try {
    const mask = new Uint16Array(lanes);
    drawMasks(field, holding, streams, mask);
    return new CorrelationBatch({ p, batchId, committee, holders: holding.parties }, lanes, mask, []);
  } finally {
    for (const stream of streams) stream.wipe();
  }
}

/**
 * Draws this member's components of r into `mask`; returns the committee's components, wider ones folded in, as shared numbers,
 * all of whose other components are zero.
 */
function numberShares(field: Field, replication: Replication, source: MaskSource, lanes: number, mask: Uint16Array): SharedNumber[] {
  const { components, held } = replication;
  const folded = new Map(held.map((component) => [component, new Uint16Array(lanes)]));
  drawMasks(field, source.holding, source.streams, mask, (component, values) => {
    const sum = folded.get(source.target[component]!);
    if (sum) addScaled(field, sum, values, 1);
  });
  const zero = new Uint32Array(lanes / 32);
  const drawn = new Map([...folded].map(([component, sum]) => [component, bitSlices(sum, field.bits)]));
  for (const sum of folded.values()) sum.fill(0);
  return components.map((_, component) =>
    Array.from({ length: field.bits }, (_bit, k) => held.map((index) => (index === component ? drawn.get(component)![k]! : zero))),
  );
}
