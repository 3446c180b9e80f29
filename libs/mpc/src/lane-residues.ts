import { type Field } from '@boop/field';
import { type LaneArena } from '@boop/kernels';
import { type PartyId, ProtocolAbort } from '@boop/shared';
import { sliceBytes } from './boolean-engine.ts';
import { type ArenaLanes } from './correlation-block.ts';

/** Residues in an arena lie in whole vectors of 128 lanes; those beyond the count are 0. */

/** Shares of S + r: copies the products and adds them into the masks, which they use up. @returns their offset */
export function maskedShares(arena: LaneArena, field: Field, products: Uint16Array, { mask }: ArenaLanes): number {
  const lanes = sliceBytes(products.length) * 8;
  const mark = arena.mark();
  const at = arena.allocate(2 * lanes);
  const copy = new Uint16Array(arena.view(at, 2 * lanes).buffer, at, lanes);
  copy.set(products);
  copy.fill(0, products.length);
  arena.ops.addResidues(mask, at, lanes, field.p);
  copy.fill(0);
  arena.release(mark);
  return mask;
}

/** Residues as they are sent, see `encodeResidues`: a view of the arena. */
export function packed(arena: LaneArena, field: Field, values: number, count: number): Uint8Array {
  const bytes = Math.ceil((count * field.bits) / 8);
  const at = arena.allocate(bytes);
  arena.ops.pack(values, at, count, field.p);
  return arena.view(at, bytes);
}

/** Strict: another length, a residue ≥ p or a set padding bit aborts and names the sender. */
export function unpacked(arena: LaneArena, field: Field, payload: Uint8Array, count: number, from: PartyId): number {
  const bytes = Math.ceil((count * field.bits) / 8);
  const lanes = sliceBytes(count) * 8;
  const values = arena.allocate(2 * lanes);
  arena.view(values + 2 * count, 2 * (lanes - count)).fill(0);
  const mark = arena.mark();
  const at = arena.allocate(bytes);
  const target = arena.view(at, bytes);
  const fits = payload.length === bytes;
  if (fits) target.set(payload);
  if (!fits || arena.ops.unpack(at, values, count, field.p) === 0) throw new ProtocolAbort('mpc.malformed-message', 'a message of this round has one length and canonical values', [from]);
  arena.release(mark);
  return values;
}

/** Σ weightᵢ·wordᵢ per lane. */
export function interpolated(arena: LaneArena, field: Field, words: readonly number[], weights: readonly number[], count: number): number {
  const lanes = sliceBytes(count) * 8;
  const out = arena.allocate(2 * lanes);
  if (words.length === 3) {
    const [a, b, c] = words as [number, number, number];
    const [wa, wb, wc] = weights as [number, number, number];
    arena.ops.combine(a, b, c, wa, wb, wc, out, lanes, field.p);
    return out;
  }
  arena.view(out, 2 * lanes).fill(0);
  words.forEach((word, i) => arena.ops.addScaled(out, word, weights[i]!, lanes, field.p));
  return out;
}
