import { describe, expect, test } from '@jest/globals';
import { calibrationTable, operatingPoints, thresholdFor } from './operating-points.ts';
import { palmEncoders } from './palm-encoders.ts';

describe('operating points', () => {
  test.each(palmEncoders)('of %s are stricter row by row', (encoder) => {
    const menu = calibrationTable[encoder];
    for (let i = 1; i < menu.length; i++) {
      expect(menu[i]!.falseMatchRate).toBeLessThan(menu[i - 1]!.falseMatchRate);
      expect(menu[i]!.theta).toBeGreaterThan(menu[i - 1]!.theta);
    }
    expect(menu.every((point) => point.encoder === encoder)).toBe(true);
  });

  test('a threshold is of one encoder version', () => {
    expect(thresholdFor(1e-6, 1, 'palm-compcode-0')).toEqual({ encoder: 'palm-compcode-0', falseMatchRate: 1e-6, theta: 215 });
  });

  test('are the published menu', () => {
    expect(operatingPoints.map(({ theta }) => theta)).toEqual([0, 63, 115, 156, 188, 213, 233]);
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
    expect(thresholdFor()).toEqual({ encoder: 'palm-compcode-1', falseMatchRate: 1e-6, theta: 115 });
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
