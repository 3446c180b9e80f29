import { describe, expect, test } from '@jest/globals';
import { exactCos, exactExp, exactSin } from './exact-math.ts';

describe('exact arithmetic', () => {
  test('cos and sin agree with the engine to 1e-12', () => {
    for (let i = -4000; i <= 4000; i++) {
      const x = i * 0.00731;
      expect(Math.abs(exactCos(x) - Math.cos(x))).toBeLessThan(1e-12);
      expect(Math.abs(exactSin(x) - Math.sin(x))).toBeLessThan(1e-12);
    }
  });

  test('exp agrees with the engine to 1e-12, relative', () => {
    for (let i = -2000; i <= 600; i++) {
      const x = i * 0.0173;
      expect(Math.abs(exactExp(x) / Math.exp(x) - 1)).toBeLessThan(1e-12);
    }
    expect(exactExp(0)).toBe(1);
  });
});
