import { BoopError } from '@boop/shared';

/**
 * The prime field F_p for 2 < p < 2^16. Elements are canonical residues: integers in [0, p). A product fits a double
 * exactly, so no operation needs more than one remainder.
 */
export interface Field {
  readonly p: number;
  /** Bits of p − 1. */
  readonly bits: number;
  add(a: number, b: number): number;
  sub(a: number, b: number): number;
  mul(a: number, b: number): number;
  /** Any safe integer to its canonical residue. */
  reduce(x: number): number;
  /** Canonical residue to the representative of least magnitude, in [−(p−1)/2, (p−1)/2]. */
  balance(a: number): number;
  /** a^e for an integer e ≥ 0. */
  pow(a: number, e: number): number;
  /** Throws BoopError `field.division-by-zero` on 0. */
  inv(a: number): number;
}

const fields = new Map<number, Field>();

/** The field of p elements (one shared object per p). Throws BoopError `field.modulus` unless p is an odd prime below 2^16. */
export function createField(p: number): Field {
  const known = fields.get(p);
  if (known) return known;
  if (!Number.isInteger(p) || p < 3 || p >= 1 << 16 || !isPrime(p)) {
    throw new BoopError('field.modulus', 'the modulus must be an odd prime below 2^16', { kind: 'fatal' });
  }
  const half = (p - 1) / 2;
  const field: Field = Object.freeze({
    p,
    bits: 32 - Math.clz32(p - 1),
    add: (a: number, b: number) => (a + b >= p ? a + b - p : a + b),
    sub: (a: number, b: number) => (a >= b ? a - b : a - b + p),
    mul: (a: number, b: number) => (a * b) % p,
    reduce: (x: number) => ((x % p) + p) % p,
    balance: (a: number) => (a > half ? a - p : a),
    pow(a: number, e: number) {
      let power = 1;
      for (let base = a, left = e; left > 0; left = Math.floor(left / 2), base = (base * base) % p) if (left % 2 === 1) power = (power * base) % p;
      return power;
    },
    inv(a: number) {
      if (a % p === 0) throw new BoopError('field.division-by-zero', 'zero has no inverse', { kind: 'fatal' });
      return field.pow(a, p - 2);
    },
  });
  fields.set(p, field);
  return field;
}

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false;
  return true;
}
