import { describe, expect, test } from '@jest/globals';
import { normalGrid } from '../testing/comparisons-of.ts';
import { normalQuantile } from '../statistics/special-functions.ts';
import { EXCEEDANCES, EXCEEDANCES_MIN, fitTail } from './tails.ts';
import { type WeightedScores, upperQuantile } from './weighted-scores.ts';

const once = (values: Float64Array): WeightedScores => ({ values: values.toSorted(), weights: new Float64Array(values.length).fill(1), total: values.length });
const grid = (count: number, inverse: (p: number) => number): WeightedScores => once(Float64Array.from({ length: count }, (_, i) => inverse((i + 0.5) / count)));

describe('the normal tail', () => {
  const tail = fitTail.normal(once(normalGrid(2000, -500, 120)))!;

  test('finds mean and deviation', () => {
    expect(tail.parameters).toEqual({ mean: expect.closeTo(-500, 6), deviation: expect.closeTo(120, 0) });
  });

  test('threshold and rate are inverse', () => {
    for (const rate of [1e-4, 1e-5, 1e-6]) expect(tail.falseMatchRate(tail.threshold(rate)) / rate).toBeCloseTo(1, 8);
    expect(tail.threshold(1e-4)).toBeCloseTo(-500 + tail.parameters['deviation']! * normalQuantile(1e-4), 6);
  });

  test('refuses scores without spread', () => {
    expect(fitTail.normal(grid(100, () => 3))).toBeNull();
  });
});

/** Of 100,000 scores, those that the fit looks at. */
const SHARE = EXCEEDANCES / 100_000;

describe('the generalised Pareto tail', () => {
  test.each([
    ['exponential scores have shape 0', (p: number) => -Math.log(1 - p), 0, 1],
    ['uniform scores end: shape -1, scale the length of the tail', (p: number) => p, -1, SHARE],
    ['Pareto scores of index 4 have shape ¼', (p: number) => (1 - p) ** -0.25, 0.25, 0.25 * SHARE ** -0.25],
  ])('%s', (_, inverse, shape, scale) => {
    const { parameters } = fitTail['generalised-pareto'](grid(100_000, inverse))!;
    expect(parameters['shape']).toBeCloseTo(shape, 1);
    expect(parameters['scale']! / scale).toBeCloseTo(1, 1);
    expect(parameters['share']).toBeCloseTo(SHARE, 3);
  });

  test('predicts rates that were never seen: exponential scores at 1e-6', () => {
    const tail = fitTail['generalised-pareto'](grid(100_000, (p) => -Math.log(1 - p)))!;
    expect(tail.threshold(1e-6) / Math.log(1e6)).toBeCloseTo(1, 1);
    for (const rate of [1e-4, 1e-5, 1e-6]) expect(tail.falseMatchRate(tail.threshold(rate)) / rate).toBeCloseTo(1, 8);
  });

  test('a bounded tail gives 0 beyond its end', () => {
    expect(fitTail['generalised-pareto'](grid(10_000, (p) => p))!.falseMatchRate(1.5)).toBe(0);
  });

  test('weights count as repetitions', () => {
    const values = Float64Array.from({ length: 2000 }, (_, i) => -Math.log(1 - (i + 0.5) / 2000)).toSorted();
    const weighted = fitTail['generalised-pareto']({ values, weights: new Float64Array(2000).fill(3), total: 6000 })!.parameters;
    const repeated = fitTail['generalised-pareto'](once(Float64Array.from([...values, ...values, ...values])))!.parameters;
    expect(weighted['scale']! / repeated['scale']!).toBeCloseTo(1, 3);
    expect(weighted['shape']! - repeated['shape']!).toBeCloseTo(0, 2);
  });

  test('refuses a tail of too few scores', () => {
    expect(fitTail['generalised-pareto'](grid(EXCEEDANCES_MIN * 20 - 40, (p) => p))).toBeNull();
  });
});

test('the upper quantile', () => {
  expect(upperQuantile({ values: Float64Array.of(1, 2, 3), weights: Float64Array.of(5, 4, 1), total: 10 }, 0.1)).toBe(3);
  expect(upperQuantile({ values: Float64Array.of(1, 2, 3), weights: Float64Array.of(5, 4, 1), total: 10 }, 0.2)).toBe(2);
});
