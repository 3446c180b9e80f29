import { describe, expect, test } from '@jest/globals';
import { errorCurve } from './error-rates.ts';
import { fixedRates } from './fixed-rates.ts';

describe('FNMR at fixed FMR', () => {
  // Impostors 0..999: at most 1 % match from threshold 990 on. Genuine 985..1004: five lie below.
  const curve = errorCurve(Float64Array.from({ length: 20 }, (_, i) => 985 + i), Float64Array.from({ length: 1000 }, (_, i) => i));

  test('by hand', () => {
    expect(fixedRates(curve, [0.01, 0.003])).toMatchObject([
      { target: 0.01, supported: true, threshold: 990, fmr: 0.01, fnmr: 0.25 },
      { target: 0.003, supported: true, threshold: 997, fmr: 0.003, fnmr: 0.6 },
    ]);
  });

  test('1,000 comparisons say nothing of a rate of 1 in 1,000', () => {
    expect(fixedRates(curve, [0.001])).toEqual([{ target: 0.001, supported: false, limit: 0.003 }]);
  });

  test('says so where only rejecting everybody keeps the target', () => {
    const hopeless = errorCurve(Float64Array.of(1, 2), Float64Array.from({ length: 400 }, () => 5));
    expect(fixedRates(hopeless, [0.01])).toMatchObject([{ threshold: null, fmr: 0, fnmr: 1 }]);
  });
});
