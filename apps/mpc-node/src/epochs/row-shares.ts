import { createField } from '@boop/field';
import { type Statistic } from '@boop/mpc';

/** Balanced residues as the store keeps them, one after the other, as the canonical ones that protocols take. */
export function joinShares(rows: readonly Int16Array[], { p, coordinates }: Statistic): Uint16Array {
  const field = createField(p);
  const out = new Uint16Array(rows.length * coordinates);
  rows.forEach((row, at) => {
    for (let i = 0; i < coordinates; i++) out[at * coordinates + i] = field.reduce(row[i]!);
  });
  return out;
}

/** Inverse of {@link joinShares}. */
export function balanceShares(joined: Uint16Array, { p, coordinates }: Statistic): Int16Array[] {
  const field = createField(p);
  return Array.from({ length: joined.length / coordinates }, (_, at) => Int16Array.from({ length: coordinates }, (_unused, i) => field.balance(joined[at * coordinates + i]!)));
}
