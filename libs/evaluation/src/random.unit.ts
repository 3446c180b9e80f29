import { describe, expect, test } from '@jest/globals';
import { resample, seededRandom } from './random.ts';

describe('seeded numbers', () => {
  test('are uniform and replay', () => {
    const [a, b] = [seededRandom(2 ** 40 + 1), seededRandom(2 ** 40 + 1)];
    const values = Array.from({ length: 20_000 }, a);
    expect(values.slice(0, 5)).toEqual(Array.from({ length: 5 }, b));
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(0.5, 2);
    expect(seededRandom(1)()).not.toBe(seededRandom(2 ** 32 + 1)());
  });

  test('a resample draws as many as there are', () => {
    const weights = resample(500, seededRandom(4));
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBe(500);
    // A thing is left out with probability 1/e.
    expect(weights.filter((weight) => weight === 0).length / 500).toBeCloseTo(Math.exp(-1), 1);
  });
});
