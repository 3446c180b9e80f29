import { type LaneArena } from '@boop/kernels';
import { type Field } from '@boop/field';
import { BoopError, lengthPrefixed, type PartyId, uint32, utf8 } from '@boop/shared';
import { sha256 } from '@noble/hashes/sha2.js';
import { type HolderKeys } from './holder-keys.ts';
import { componentWeight, type Holding } from './holding.ts';
import { LaneStream } from './lane-stream.ts';
import { type KeyStream, type Prf } from './prf.ts';
import { type Replication } from './replication.ts';

/** Lanes drawn at a time: their residues stay in the cache. */
const CHUNK_LANES = 8192;

/**
 * Draws the components of one uniform r per lane that `holding.self` holds, and adds to the residues at `mask` its share of r (degree t) plus
 * one of zero (degree 2t): per component r, then the t coefficients of its part of zero. `lanes` is a multiple of 128.
 * @param keep gets each component's values of lanes `from` on, at an offset where they stay until it returns
 */
export function drawMasks(
  arena: LaneArena,
  field: Field,
  holding: Holding,
  streams: readonly KeyStream[],
  mask: number,
  lanes: number,
  keep: (component: number, values: number, from: number, count: number) => void = () => undefined,
): void {
  const { p } = field;
  const { ops } = arena;
  const mark = arena.mark();
  const values = arena.allocate(2 * Math.min(lanes, CHUNK_LANES));
  holding.held.forEach((component, c) => {
    const within = arena.mark();
    const stream = new LaneStream(streams[c]!, arena, 32, 4 * Math.min(lanes, CHUNK_LANES));
    const weight = componentWeight(field, holding, component);
    for (let degree = 0; degree <= holding.threshold; degree++) {
      const factor = field.mul(field.pow(holding.self, degree), weight);
      for (let from = 0; from < lanes; from += CHUNK_LANES) {
        const count = Math.min(CHUNK_LANES, lanes - from);
        stream.residues(p, values, count);
        ops.addScaled(mask + 2 * from, values, factor, count, p);
        if (degree === 0) keep(component, values, from, count);
      }
    }
    stream.wipe();
    arena.release(within);
  });
  arena.view(values, 2 * Math.min(lanes, CHUNK_LANES)).fill(0);
  arena.release(mark);
}

/**
 * Per component of a wider holding the committee's component that it is added to: one that lacks all members who lack it. So whoever holds the
 * committee's component can form the sum, and r, the sum of all, stays unknown to any t of the holders, outsiders included.
 */
export function foldComponents(holding: Holding, { committee, components }: Replication): number[] {
  return holding.components.map(({ missing }) => {
    const lacking = missing.map((holder) => committee.indexOf(holding.parties[holder]!)).filter((member) => member >= 0);
    return components.findIndex((component) => lacking.every((member) => component.missing.includes(member)));
  });
}

/**
 * Streams of wide masks. Their name holds everything that the holders must see alike: nodes that were told of different committees or lanes under
 * one batch id use unrelated masks, since two scores under one mask give away their difference.
 */
export function wideStreams(keys: HolderKeys, batch: { readonly committee: readonly PartyId[]; readonly p: number; readonly batchId: Uint8Array; readonly lanes: number }, prf: Prf): KeyStream[] {
  const { committee, p, batchId, lanes } = batch;
  const name = sha256(lengthPrefixed(utf8('boop/mpc/wide-masks/v1'), batchId, Uint8Array.from(committee), uint32(p), uint32(lanes)));
  return keys.streams('correlation/wide', name.subarray(0, 16), prf);
}

/** @throws BoopError `keys.mismatch` unless the holders are 3t + 1 or more with all of the committee among them */
export function checkWideHolders(keys: HolderKeys, self: PartyId, committee: readonly PartyId[], threshold: number): Holding {
  const { holding } = keys;
  const fits = holding.self === self && holding.threshold === threshold && holding.parties.length >= 3 * threshold + 1 && committee.every((party) => holding.parties.includes(party));
  if (!fits) throw new BoopError('keys.mismatch', 'the keys are not of 3t + 1 holders with the committee among them', { kind: 'fatal' });
  return holding;
}
