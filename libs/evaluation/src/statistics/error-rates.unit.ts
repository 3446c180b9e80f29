import { describe, expect, test } from '@jest/globals';
import { normalGrid } from '../testing/comparisons-of.ts';
import { equalErrorRate } from './equal-error-rate.ts';
import { areaUnderRoc, detPoints, errorCurve, ratesAt, rocPoints } from './error-rates.ts';
import { normalTail } from './special-functions.ts';

const curve = errorCurve(Float64Array.of(3, 5, 5, 9), Float64Array.of(1, 3, 4, 2, 5));

describe('errors at thresholds', () => {
  test('by hand', () => {
    expect([...curve.thresholds]).toEqual([1, 2, 3, 4, 5, 9, Infinity]);
    expect([...curve.falseMatches]).toEqual([5, 4, 3, 2, 1, 0, 0]);
    expect([...curve.falseNonMatches]).toEqual([0, 0, 0, 1, 1, 3, 4]);
  });

  test('a score equal to the threshold matches', () => {
    expect(ratesAt(curve, 5)).toEqual({ threshold: 5, falseMatches: 1, falseNonMatches: 1, fmr: 0.2, fnmr: 0.25 });
    expect(ratesAt(curve, 5.1)).toMatchObject({ falseMatches: 0, falseNonMatches: 3 });
    expect(ratesAt(curve, -100)).toMatchObject({ fmr: 1, fnmr: 0 });
    expect(ratesAt(curve, 100)).toMatchObject({ fmr: 0, fnmr: 1 });
  });

  test('DET and ROC keep the corners only', () => {
    expect(detPoints(curve).map(({ fmr, fnmr }) => [fmr, fnmr])).toEqual([[0, 1], [0, 0.75], [0.2, 0.25], [0.4, 0.25], [0.6, 0], [1, 0]]);
    expect(rocPoints(curve).at(-1)).toEqual({ fmr: 1, tmr: 1 });
  });

  test('the area counts pairs, ties half', () => {
    // 3 beats 1, 2 and ties 3; each 5 beats four and ties one; 9 beats five.
    expect(areaUnderRoc(curve)).toBeCloseTo((2.5 + 4.5 + 4.5 + 5) / 20, 12);
  });
});

describe('equal error rate', () => {
  test.each([
    ['separate scores', [5, 6], [1, 2], 0, 5],
    ['exact crossing', [1, 5, 6, 7], [0, 0, 0, 5.5], 0.25, 5],
    ['steps that pass each other', [3, 5, 5, 9], [1, 3, 4, 2, 5], 0.225, 5],
    ['all the wrong way round', [1, 2], [5, 6], 1, 5],
  ])('%s', (_, genuine, impostor, rate, threshold) => {
    const found = equalErrorRate(errorCurve(Float64Array.from(genuine), Float64Array.from(impostor)));
    expect(found).toEqual({ rate: expect.closeTo(rate, 12), threshold });
  });

  test.each([1, 2, 3.5])('normal scores %p deviations apart: Φ(-d′/2), area Φ(d′/√2)', (separation) => {
    const normals = errorCurve(normalGrid(2000, separation), normalGrid(2000, 0));
    expect(equalErrorRate(normals).rate).toBeCloseTo(normalTail(separation / 2), 3);
    expect(areaUnderRoc(normals)).toBeCloseTo(normalTail(-separation / Math.SQRT2), 3);
  });
});
