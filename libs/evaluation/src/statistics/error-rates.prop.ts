import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { equalErrorRate } from './equal-error-rate.ts';
import { areaUnderRoc, detPoints, errorCurve, ratesAt } from './error-rates.ts';
import { fixedRates } from './fixed-rates.ts';

const scores = fc.array(fc.integer({ min: -60, max: 60 }), { minLength: 1, maxLength: 60 }).map((values) => Float64Array.from(values));

describe('curves of any scores', () => {
  test('FMR never rises and FNMR never falls with the threshold; both span 0 to 1', () => {
    fc.assert(
      fc.property(scores, scores, (genuine, impostor) => {
        const { falseMatches, falseNonMatches } = errorCurve(genuine, impostor);
        for (let i = 1; i < falseMatches.length; i++) {
          expect(falseMatches[i]!).toBeLessThanOrEqual(falseMatches[i - 1]!);
          expect(falseNonMatches[i]!).toBeGreaterThanOrEqual(falseNonMatches[i - 1]!);
        }
        expect([falseMatches[0], falseMatches.at(-1), falseNonMatches[0], falseNonMatches.at(-1)]).toEqual([impostor.length, 0, 0, genuine.length]);
      }),
    );
  });

  test('counts are what counting says, at any threshold', () => {
    fc.assert(
      fc.property(scores, scores, fc.double({ min: -70, max: 70, noNaN: true }), (genuine, impostor, threshold) => {
        const { falseMatches, falseNonMatches } = ratesAt(errorCurve(genuine, impostor), threshold);
        expect([falseMatches, falseNonMatches]).toEqual([impostor.filter((s) => s >= threshold).length, genuine.filter((s) => s < threshold).length]);
      }),
    );
  });

  test('the EER, the area and the corners depend on the order of scores only', () => {
    fc.assert(
      fc.property(scores, scores, (genuine, impostor) => {
        const stretch = (s: number): number => Math.exp(s / 20) * 7 - 3;
        const [plain, stretched] = [errorCurve(genuine, impostor), errorCurve(genuine.map(stretch), impostor.map(stretch))];
        expect(equalErrorRate(stretched).rate).toBe(equalErrorRate(plain).rate);
        expect(areaUnderRoc(stretched)).toBe(areaUnderRoc(plain));
        expect(detPoints(stretched).map(({ fmr, fnmr }) => [fmr, fnmr])).toEqual(detPoints(plain).map(({ fmr, fnmr }) => [fmr, fnmr]));
      }),
    );
  });

  test('every score twice changes no rate', () => {
    fc.assert(
      fc.property(scores, scores, (genuine, impostor) => {
        const twice = (values: Float64Array): Float64Array => Float64Array.of(...values, ...values);
        expect(equalErrorRate(errorCurve(twice(genuine), twice(impostor)))).toEqual(equalErrorRate(errorCurve(genuine, impostor)));
      }),
    );
  });

  test('the EER lies between the rates around the crossing', () => {
    fc.assert(
      fc.property(scores, scores, (genuine, impostor) => {
        const curve = errorCurve(genuine, impostor);
        const { rate, threshold } = equalErrorRate(curve);
        const { fmr, fnmr } = ratesAt(curve, threshold);
        expect(rate).toBeGreaterThanOrEqual(Math.min(fmr, fnmr));
        expect(rate).toBeLessThanOrEqual(Math.max(fmr, fnmr));
      }),
    );
  });

  test('the area is the share of pairs in the right order', () => {
    fc.assert(
      fc.property(scores, scores, (genuine, impostor) => {
        let wins = 0;
        for (const g of genuine) for (const m of impostor) wins += g > m ? 1 : g === m ? 0.5 : 0;
        expect(areaUnderRoc(errorCurve(genuine, impostor))).toBeCloseTo(wins / (genuine.length * impostor.length), 9);
      }),
    );
  });

  test('no rate below 3/n is ever claimed, and a stricter target never lets more in', () => {
    fc.assert(
      fc.property(scores, scores, fc.array(fc.double({ min: 1e-6, max: 1, noNaN: true }), { minLength: 1 }), (genuine, impostor, targets) => {
        const rows = fixedRates(errorCurve(genuine, impostor), [...targets].sort((a, b) => b - a));
        let last = 0;
        for (const row of rows) {
          expect(row.supported).toBe(row.target >= Math.min(1, 3 / impostor.length));
          if (!row.supported) continue;
          expect(row.fmr).toBeLessThanOrEqual(row.target);
          expect(row.fnmr).toBeGreaterThanOrEqual(last);
          last = row.fnmr;
        }
      }),
    );
  });
});
