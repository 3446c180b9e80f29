import { describe, expect, test } from '@jest/globals';
import { decidability, summarise } from './summary.ts';

describe('summary', () => {
  test('by hand', () => {
    expect(summarise([2, 4, 4, 4, 5, 5, 7, 9])).toEqual({ count: 8, mean: 5, deviation: expect.closeTo(Math.sqrt(32 / 7), 12), min: 2, max: 9 });
    expect(summarise([3])).toEqual({ count: 1, mean: 3, deviation: 0, min: 3, max: 3 });
  });

  test('keeps its digits far from zero', () => {
    expect(summarise([1e9 + 1, 1e9 + 2, 1e9 + 3]).deviation).toBeCloseTo(1, 9);
  });

  test('d′ is the distance in pooled deviations, and nothing where nothing spreads', () => {
    expect(decidability(summarise([9, 11]), summarise([-1, 1]))).toBeCloseTo(10 / Math.SQRT2, 12);
    expect(decidability(summarise([5]), summarise([1]))).toBeNull();
  });
});
