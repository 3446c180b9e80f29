import { describe, expect, test } from '@jest/globals';
import { poisson, resample, seededRandom } from './random.ts';

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

  test.each([0, 0.3, 40, 900])('Poisson variates of mean %p have that mean and variance', (mean) => {
    const random = seededRandom(9);
    const values = Array.from({ length: 4000 }, () => poisson(mean, random));
    const average = values.reduce((sum, value) => sum + value, 0) / 4000;
    const variance = values.reduce((sum, value) => sum + (value - average) ** 2, 0) / 4000;
    expect(Math.abs(average - mean)).toBeLessThan(0.02 + 4 * Math.sqrt(mean / 4000));
    expect(Math.abs(variance - mean)).toBeLessThan(0.02 + 0.15 * mean);
  });
});
