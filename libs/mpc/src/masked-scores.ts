import { createField, type Field } from '@boop/field';
import { BoopError, type PartyId } from '@boop/shared';
import { type CorrelationLanes, type CorrelationSlice } from './correlation-batch.ts';

/** What every holder of masks brings to an opening of c = S + r. */
export interface MaskedScores {
  readonly committee: readonly PartyId[];
  readonly p: number;
  readonly rows: number;
  readonly shifts: number;
  /** rows × shifts, row-major: this node's shares of degree 2t of the scores, canonical. */
  readonly products: Uint16Array;
  readonly correlations: readonly CorrelationSlice[];
}

export const badInput = (message: string): BoopError => new BoopError('comparison.input', message, { kind: 'fatal' });

/** Throws BoopError `comparison.input`. */
export function checkProducts({ committee, p, rows, shifts, products, correlations }: MaskedScores, holders: readonly PartyId[]): Field {
  const field = createField(p);
  if (![rows, shifts].every((n) => Number.isInteger(n) && n >= 1) || products.length !== rows * shifts) throw badInput('products are rows × shifts');
  if (products.some((share) => share >= p)) throw badInput('shares are canonical residues');
  const fits = correlations.every(({ scope }) => scope.p === p && scope.committee.join() === committee.join() && scope.holders.join() === holders.join());
  if (!fits || correlations.reduce((lanes, slice) => lanes + slice.lanes, 0) < rows * shifts) throw badInput('correlations of another committee, or too few');
  return field;
}

/** Shift-major, so that the OR over shifts works on whole vectors of rows. */
export function shiftMajor(products: Uint16Array, rows: number, shifts: number): Uint16Array {
  const out = new Uint16Array(products.length);
  for (let row = 0; row < rows; row++) for (let shift = 0; shift < shifts; shift++) out[shift * rows + row] = products[row * shifts + shift]!;
  return out;
}

/** Adds the masks to the shares, in place. */
export function maskedShares(field: Field, shares: Uint16Array, slices: readonly CorrelationLanes[]): Uint16Array {
  let lane = 0;
  for (const { mask } of slices) for (let i = 0; i < mask.length && lane < shares.length; i++, lane++) shares[lane] = field.add(shares[lane]!, mask[i]!);
  return shares;
}
