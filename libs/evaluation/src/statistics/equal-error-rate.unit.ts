import { describe, expect, test } from '@jest/globals';
import { comparisonsOf, normalComparisons } from '../testing/comparisons-of.ts';
import { bootstrapEqualErrorRate } from './equal-error-rate.ts';
import { errorCurve } from './error-rates.ts';
import { normalTail } from './special-functions.ts';

const bootstrap = (comparisons: ReturnType<typeof comparisonsOf>, seed = 1, replicates = 300) =>
  bootstrapEqualErrorRate(comparisons, errorCurve(comparisons.genuine.scores, comparisons.impostor.scores), { seed, replicates });

describe('bootstrap of the equal error rate', () => {
  const comparisons = normalComparisons(40, 3, 2, 5);

  test('covers the truth of independent normal scores', () => {
    const { rate, interval, replicates } = bootstrap(comparisons);
    const truth = normalTail(1);
    expect(interval.lower).toBeLessThan(truth);
    expect(interval.upper).toBeGreaterThan(truth);
    expect(interval.lower).toBeLessThanOrEqual(rate);
    expect(interval.upper - interval.lower).toBeLessThan(0.15);
    expect(replicates).toBe(300);
  });

  test('replays by seed, and another seed gives another interval', () => {
    expect(bootstrap(comparisons, 7)).toEqual(bootstrap(comparisons, 7));
    expect(bootstrap(comparisons, 8).interval).not.toEqual(bootstrap(comparisons, 7).interval);
  });

  test('draws palms, not comparisons: one bad palm among four is drawn by chance, with all of its comparisons', () => {
    const genuine = Array.from({ length: 40 }, (_, i) => [i < 10 ? -1 : 1, Math.floor(i / 10), Math.floor(i / 10)] as const);
    const impostor = [0, 1, 2, 3].flatMap((a) => [0, 1, 2, 3].filter((b) => b > a).map((b) => [0, a, b] as const));
    const { rate, interval } = bootstrap(comparisonsOf(4, genuine, impostor));
    // FMR is 0 above the impostors, FNMR a quarter.
    expect(rate).toBeCloseTo(0.125, 12);
    expect(interval.lower).toBe(0);
    expect(interval.upper).toBeGreaterThan(0.3);
  });

  test('without any error the upper end is the rule of 3, not 0', () => {
    const perfect = comparisonsOf(2, Array.from({ length: 30 }, (_, i) => [9, i % 2, i % 2] as const), Array.from({ length: 60 }, () => [1, 0, 1] as const));
    expect(bootstrap(perfect)).toMatchObject({ rate: 0, interval: { lower: 0, upper: 0.1 } });
  });
});
