import { type Field, uniformResidues } from '@boop/field';
import { lengthPrefixed, utf8 } from '@boop/shared';
import { sha256 } from '@noble/hashes/sha2.js';
import { KeyStream, type Prf } from '../prf.ts';

/**
 * Independent combinations over F_p, which are one combination over an extension of that degree with a coefficient drawn for every
 * coordinate. A dealing that differs from a right one anywhere passes one with probability 1/p: all six with p = 8191 with 2^-78, so a
 * gallery of 100,000 palms in 3,125 batches with 2^-66, and with 2^-40 if dealers may try 2^26 times.
 */
export const COMBINATIONS = 6;

/** log2 of the probability that some of so many wrong dealings passes, at most. */
export const soundnessBits = (p: number, dealings: number): number => COMBINATIONS * Math.log2(p) - Math.log2(dealings);

/**
 * Per vector the {@link COMBINATIONS} sums Σ ρ_c·v_c over its first `count` entries, plus the entry at `count + k`: the mask of sum k.
 * All vectors are combined with the same coefficients, which follow from the challenge.
 */
export function maskedCombinations(field: Field, vectors: readonly Uint16Array[], count: number, challenge: Uint8Array, prf: Prf): Uint16Array[] {
  const sums = vectors.map((vector) => Array.from({ length: COMBINATIONS }, (_, k) => vector[count + k]!));
  const streams = Array.from({ length: COMBINATIONS }, (_, k) => new KeyStream(prf, sha256(lengthPrefixed(utf8('boop/mpc/resharing/coefficients/v1'), challenge, Uint8Array.of(k)))));
  for (let from = 0; from < count; from += CHUNK) {
    const length = Math.min(CHUNK, count - from);
    streams.forEach((stream, k) => {
      const rho = uniformResidues(field, length, stream);
      vectors.forEach((vector, v) => {
        // Below 2^26 each, so CHUNK of them stay far below 2^53.
        let sum = 0;
        for (let i = 0; i < length; i++) sum += rho[i]! * vector[from + i]!;
        sums[v]![k] = (sums[v]![k]! + sum) % field.p;
      });
    });
  }
  return sums.map((values) => Uint16Array.from(values));
}

const CHUNK = 1 << 15;
