import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { invert, multiply, timesX } from './gf2-64.ts';

const elements = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });

test('a commutative field: every element but 0 has an inverse', () => {
  fc.assert(
    fc.property(elements, elements, elements, (a, b, c) => {
      expect(multiply(a, b)).toBe(multiply(b, a));
      expect(multiply(a, b ^ c)).toBe(multiply(a, b) ^ multiply(a, c));
      expect(multiply(multiply(a, b), c)).toBe(multiply(a, multiply(b, c)));
      expect(multiply(a, 2n)).toBe(timesX(a));
      expect(multiply(a, invert(a))).toBe(a === 0n ? 0n : 1n);
    }),
    { numRuns: 50 },
  );
});

test('the modulus is irreducible: x^(2^64) = x, and x^(2^32) is not', () => {
  let power = 2n;
  for (let i = 0; i < 32; i++) power = multiply(power, power);
  expect(power).not.toBe(2n);
  for (let i = 0; i < 32; i++) power = multiply(power, power);
  expect(power).toBe(2n);
});
