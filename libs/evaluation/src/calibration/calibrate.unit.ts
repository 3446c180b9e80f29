import { describe, expect, test } from '@jest/globals';
import { comparisonsOf, normalComparisons } from '../testing/comparisons-of.ts';
import { normalQuantile } from '../statistics/special-functions.ts';
import { calibrate } from './calibrate.ts';
import { holdOut } from './hold-out.ts';

describe('calibration', () => {
  const comparisons = normalComparisons(60, 2, 6, 11);

  test.each(['normal', 'generalised-pareto'] as const)('%s thresholds cover the true ones where scores were seen', (method) => {
    const { rows, impostorCount } = calibrate(comparisons, method, { targets: [0.01, 0.001, 1e-6], seed: 3, replicates: 200 })!;
    expect(impostorCount).toBe(3540);
    for (const { target, interval, extrapolated } of rows) {
      if (!extrapolated) expect([interval.lower < normalQuantile(target), interval.upper > normalQuantile(target)]).toEqual([true, true]);
    }
    expect(rows.map(({ extrapolated }) => extrapolated)).toEqual([false, false, true]);
  });

  test('replays by seed', () => {
    const options = { targets: [0.01], seed: 3, replicates: 20 };
    expect(calibrate(comparisons, 'normal', options)).toEqual(calibrate(comparisons, 'normal', options));
  });

  test('says nothing of scores without spread', () => {
    expect(calibrate(comparisonsOf(2, [[5, 0, 0]], [[1, 0, 1], [1, 0, 1]]), 'normal', { targets: [0.1], seed: 1, replicates: 5 })).toBeNull();
  });
});

describe('hold-out', () => {
  test.each(['normal', 'generalised-pareto'] as const)('%s holds where both halves are alike', (method) => {
    const check = holdOut(normalComparisons(80, 3, 6, 21), method, { target: 0.005, seed: 2, replicates: 200 })!;
    expect(check).toMatchObject({ holds: true, calibrated: { palms: 40, comparisons: 2340 }, checked: { palms: 40, comparisons: 2340 } });
    expect(check.interval.lower).toBeLessThan(0.005);
    expect(check.interval.upper).toBeGreaterThan(0.005);
  });

  test('does not hold where a model is wrong: heavy tails under a normal fit', () => {
    const heavy = normalComparisons(80, 3, 6, 22);
    const cubed = { ...heavy, impostor: { ...heavy.impostor, scores: heavy.impostor.scores.map((score) => score ** 3) } };
    expect(holdOut(cubed, 'normal', { target: 1e-4, seed: 2, replicates: 200 })).toMatchObject({ holds: false });
  });

  test('false matches that share palms widen the interval', () => {
    const alike = normalComparisons(80, 3, 6, 23);
    // Two palms that look alike: all comparisons between them score high.
    const pair = (i: number): boolean => alike.impostor.reference[i]! % 20 === 0 && alike.impostor.probe[i]! % 20 === 0;
    const clustered = { ...alike, impostor: { ...alike.impostor, scores: alike.impostor.scores.map((score, i) => (pair(i) ? 3 + score / 10 : score)) } };
    const options = { target: 0.005, seed: 2, replicates: 100 };
    const width = (check: ReturnType<typeof holdOut>): number => check!.interval.upper - check!.interval.lower;
    expect(holdOut(clustered, 'generalised-pareto', options)!.clustering).toBeGreaterThan(holdOut(alike, 'generalised-pareto', options)!.clustering);
    expect(width(holdOut(clustered, 'generalised-pareto', options))).toBeGreaterThan(width(holdOut(alike, 'generalised-pareto', options)));
  });

  test('a half of fewer than ten palms is no check', () => {
    expect(holdOut(normalComparisons(19, 2, 6, 1), 'normal', { target: 0.01, seed: 1, replicates: 10 })).toBeNull();
  });
});
