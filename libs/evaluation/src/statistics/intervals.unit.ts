import { describe, expect, test } from '@jest/globals';
import { binomialInterval, binomialTail, percentileInterval, quantile, ruleOfThree } from './intervals.ts';

describe('the rule of 3', () => {
  test.each([[100, 0.03], [3000, 0.001], [2, 1], [0, 1]])('%p comparisons without error prove a rate below %p', (n, rate) => {
    expect(ruleOfThree(n)).toBeCloseTo(rate, 12);
  });

  test('is what the exact one-sided bound comes to', () => {
    expect(ruleOfThree(10_000) / (1 - 0.05 ** (1 / 10_000))).toBeCloseTo(1, 2);
  });
});

describe('Clopper and Pearson', () => {
  // Published tables.
  test.each([[5, 100, 0.01643, 0.11283], [10, 20, 0.27196, 0.72804], [1, 10, 0.00253, 0.44502]])('%p of %p', (events, trials, lower, upper) => {
    const interval = binomialInterval(events, trials);
    expect(interval.lower).toBeCloseTo(lower, 4);
    expect(interval.upper).toBeCloseTo(upper, 4);
  });

  test('all of n have the closed form (α/2)^(1/n)', () => {
    expect(binomialInterval(50, 50)).toEqual({ lower: expect.closeTo(0.025 ** (1 / 50), 10), upper: 1 });
  });

  test('nothing of n ends at the rule of 3, of nothing says nothing', () => {
    expect([binomialInterval(0, 600), binomialInterval(0, 0)]).toEqual([{ lower: 0, upper: 0.005 }, { lower: 0, upper: 1 }]);
  });

  test('each end leaves 2.5 % beyond', () => {
    const { lower, upper } = binomialInterval(7, 90);
    expect(binomialTail(7, 90, lower)).toBeCloseTo(0.025, 9);
    expect(1 - binomialTail(8, 90, upper)).toBeCloseTo(0.025, 9);
  });

  test('binomial tail by hand: at least 2 heads of 3', () => {
    expect([binomialTail(2, 3, 0.5), binomialTail(0, 3, 0.5)]).toEqual([expect.closeTo(0.5, 12), 1]);
  });
});

describe('quantiles', () => {
  test('interpolate', () => {
    expect([quantile([1, 2, 3, 4], 0.25), quantile([1, 2, 3, 4], 1), quantile([7], 0.3), quantile([], 0.5)]).toEqual([1.75, 4, 7, NaN]);
  });

  test('the middle 95 % of 0..1000 are 25..975', () => {
    expect(percentileInterval(Array.from({ length: 1001 }, (_, i) => 1000 - i))).toEqual({ lower: expect.closeTo(25, 9), upper: expect.closeTo(975, 9) });
  });
});
