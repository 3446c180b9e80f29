/** GF(2^64) = GF(2)[x] / (x^64 + x^4 + x^3 + x + 1); elements are bigints below 2^64, bit j the coefficient of x^j. */
const REDUCTION = 0b11011n;
const TOP = 1n << 63n;
const MASK = (1n << 64n) - 1n;

/** a·x. */
export const timesX = (a: bigint): bigint => ((a << 1n) & MASK) ^ (a & TOP ? REDUCTION : 0n);

export function multiply(a: bigint, b: bigint): bigint {
  let product = 0n;
  for (let power = a, left = b; left > 0n; left >>= 1n, power = timesX(power)) if (left & 1n) product ^= power;
  return product;
}

/** a^(2^64 − 2): the inverse, and 0 for 0. */
export function invert(a: bigint): bigint {
  let result = 1n;
  let power = a;
  for (let i = 1; i < 64; i++) {
    power = multiply(power, power);
    result = multiply(result, power);
  }
  return result;
}
