import { describe, expect, test } from '@jest/globals';
import { operatingPoints, thresholdFor } from './operating-points.ts';

describe('operating points', () => {
  test('are stricter row by row', () => {
    for (let i = 1; i < operatingPoints.length; i++) {
      expect(operatingPoints[i]!.falseMatchRate).toBeLessThan(operatingPoints[i - 1]!.falseMatchRate);
      expect(operatingPoints[i]!.theta).toBeGreaterThan(operatingPoints[i - 1]!.theta);
    }
  });

  test('are the published menu', () => {
    expect(operatingPoints.map(({ theta }) => theta)).toEqual([100, 139, 215, 285, 349, 409, 466]);
  });

  test.each([
    [1e-4, 1, 1e-4],
    [1e-6, 1, 1e-6],
    [1e-6, 10, 1e-7],
    [1e-6, 11, 1e-8],
    [1e-6, 1000, 1e-9],
    [3e-6, 3, 1e-6],
    [0.5, 1, 1e-4],
  ])('a target of %d over %i templates asks for %d per comparison', (target, gallery, rate) => {
    expect(thresholdFor(target, gallery).falseMatchRate).toBe(rate);
  });

  test('the default is one in a million', () => {
    expect(thresholdFor()).toEqual({ encoder: 'palm-compcode-1', falseMatchRate: 1e-6, theta: 215 });
  });

  test.each([
    [1e-11, 1],
    [1e-6, 100_000],
    [0, 1],
    [1, 1],
    [Number.NaN, 1],
    [1e-6, 0],
    [1e-6, 1.5],
    [1e-6, Number.NaN],
  ])('a target of %d over %d is not vouched for', (target, gallery) => {
    expect(() => thresholdFor(target, gallery)).toThrow(expect.objectContaining({ code: 'calibration.out-of-range' }));
  });
});
