import { BoopError } from '@boop/shared';

export const dimensions = (): BoopError => new BoopError('kernel.dimensions', 'lengths do not match the declared dimensions', { kind: 'fatal' });

export function checkModulus(p: number): void {
  if (p !== 8191 && p !== 65521) throw new BoopError('kernel.modulus', 'the kernel multiplies over 8191 and 65521 only', { kind: 'fatal' });
}

/** One pass without a branch on a value. Throws BoopError `kernel.range` unless all are balanced residues of p. */
export function checkBalanced(values: Int16Array, p: number): void {
  const end = (p - 1) / 2;
  let outside = 0;
  for (let i = 0; i < values.length; i++) outside |= (values[i]! + end) | (end - values[i]!);
  if (outside < 0) throw new BoopError('kernel.range', 'a coordinate is no balanced residue', { kind: 'peer' });
}
