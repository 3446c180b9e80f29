import { describe, expect, test } from '@jest/globals';
import { bisect, chiSquareTail, incompleteBeta, logGamma, normalQuantile, normalTail, upperGamma } from './special-functions.ts';

describe('special functions', () => {
  test.each([[1, 0], [5, Math.log(24)], [0.5, Math.log(Math.sqrt(Math.PI))], [101, 363.73937555556349]])('logGamma(%p)', (x, value) => {
    expect(logGamma(x)).toBeCloseTo(value, 10);
  });

  // I_x(1, b) = 1 - (1 - x)^b, I_x(a, 1) = x^a, I_½(2, 3) = 11/16.
  test.each([[0.3, 1, 4, 1 - 0.7 ** 4], [0.3, 5, 1, 0.3 ** 5], [0.5, 2, 3, 11 / 16], [0.9, 2, 3, 0.9963], [0, 2, 3, 0], [1, 2, 3, 1]])('incompleteBeta(%p, %p, %p)', (x, a, b, value) => {
    expect(incompleteBeta(x, a, b)).toBeCloseTo(value, 12);
  });

  test('stays accurate for a million trials: I_x(1, n) = 1 - (1 - x)^n', () => {
    expect(incompleteBeta(3e-6, 1, 1e6)).toBeCloseTo(1 - Math.exp(1e6 * Math.log1p(-3e-6)), 9);
  });

  // Q(1, x) = e^-x, Q(2, x) = (1 + x) e^-x, on both sides of the switch from series to fraction.
  test.each([[1, 0.5, Math.exp(-0.5)], [1, 7, Math.exp(-7)], [2, 1, 2 * Math.exp(-1)], [2, 30, 31 * Math.exp(-30)], [3, 0, 1]])('upperGamma(%p, %p)', (a, x, value) => {
    expect(upperGamma(a, x) / value).toBeCloseTo(1, 11);
  });

  // Tables of the normal and chi-square distributions.
  test.each([[0, 0.5], [1.959963984540054, 0.025], [-1.959963984540054, 0.975], [4.753424308822899, 1e-6], [6, 9.865876450376946e-10]])('normalTail(%p)', (z, p) => {
    expect(normalTail(z) / p).toBeCloseTo(1, 9);
  });

  test.each([1e-12, 1e-6, 0.025, 0.5, 0.8, 1 - 1e-9])('normalQuantile inverts normalTail at %p', (p) => {
    expect(normalTail(normalQuantile(p)) / p).toBeCloseTo(1, 9);
  });

  test.each([[3.841458820694124, 1, 0.05], [18.307038053275146, 10, 0.05], [7.2, 2, Math.exp(-3.6)]])('chiSquareTail(%p, %p)', (x, degrees, p) => {
    expect(chiSquareTail(x, degrees)).toBeCloseTo(p, 10);
  });

  test('bisection finds a root to the last bit', () => {
    expect(bisect((x) => 2 - x * x, 0, 2)).toBeCloseTo(Math.SQRT2, 14);
  });
});
