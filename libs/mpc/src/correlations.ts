import { createField, type Field, uniformResidues } from '@boop/field';
import { BoopError, type PartyId, type RoundProtocol } from '@boop/shared';
import { BooleanEngine } from './boolean-engine.ts';
import { type CommitteeKeys } from './committee-keys.ts';
import { CorrelationBatch } from './correlation-batch.ts';
import { componentWeight } from './holding.ts';
import { oneHot } from './one-hot.ts';
import { type SharedNumber, sumModulo } from './modular-adders.ts';
import { type KeyStream, type Prf, softwareAesCtr } from './prf.ts';
import { addScaled, addZeroComponent } from './prss.ts';
import { type Replication } from './replication.ts';
import { bitSlices, xorInto } from './shared-bits.ts';

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
  readonly prf?: Prf;
}

/** Widths of the two digits whose unit vectors are shared, low digit first. */
export const digitWidths = (p: number): readonly [number, number] => (p === 8191 ? [6, 7] : [8, 8]);

/**
 * Random r per lane, made ahead of the comparisons: shared over F_p (degree t, with a zero sharing of degree 2t folded in) and
 * its two digits as unit vectors over GF(2). r is the sum of one pseudorandom component per t-subset of the committee
 * (Cramer–Damgård–Ishai 2005), so no t members and no outsider know it. Cost per lane and member, t = 1: 27 bytes over 8191,
 * 29 rounds per batch; the bits of r come out of adders over the components' bits.
 */
export function* correlationBatch(input: CorrelationInput): RoundProtocol<CorrelationBatch> {
  const { keys, p, lanes } = input;
  const replication = keys.checkFor(input.self, input.committee, input.threshold);
  if (p !== 8191 && p !== 65521) throw new BoopError('correlation.modulus', 'p is 8191 or 65521', { kind: 'fatal' });
  if (!Number.isInteger(lanes) || lanes < 32 || lanes % 32 !== 0) throw new BoopError('correlation.lanes', 'lanes come in groups of 32', { kind: 'fatal' });
  const field = createField(p);
  const prf = input.prf ?? softwareAesCtr;
  const residues = keys.streams('correlation/residues', input.batchId, prf);
  const engine = new BooleanEngine(replication, keys.streams('correlation/bits', input.batchId, prf));
  try {
    const mask = new Uint16Array(lanes);
    const numbers = numberShares(field, replication, residues, lanes, mask);
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
    return new CorrelationBatch(p, lanes, replication.committee, mask, prefixes);
  } finally {
    engine.wipe();
    for (const stream of residues) stream.wipe();
  }
}

/**
 * Draws this member's components of r. Fills `mask` with its share of r (degree t) plus one of zero (degree 2t); returns
 * the components as shared numbers, all of whose other components are zero.
 */
function numberShares(field: Field, replication: Replication, streams: readonly KeyStream[], lanes: number, mask: Uint16Array): SharedNumber[] {
  const { components, held } = replication;
  const zero = new Uint32Array(lanes / 32);
  const drawn = held.map((component, c) => {
    const r = uniformResidues(field, lanes, streams[c]!);
    addScaled(field, mask, r, componentWeight(field, replication, component));
    addZeroComponent(field, replication, component, streams[c]!, mask);
    const slices = bitSlices(r, field.bits);
    r.fill(0);
    return slices;
  });
  return components.map((_, component) =>
    Array.from({ length: field.bits }, (_bit, k) => held.map((index, c) => (index === component ? drawn[c]![k]! : zero))),
  );
}
