import { expect, test } from '@jest/globals';
import { seededUint32 } from '@boop/testing';
import { embeddingStatistic, irisStatistic, palmStatistic, score } from './index.ts';
import { randomTemplate, recapture } from './testing/templates.ts';

/** S by its definition on pixels, apart from shift tables and coordinate layout. */
function pixelScore(a: Int8Array, b: Int8Array): number {
  let best = -Infinity;
  for (let dy = -2; dy <= 2; dy++) {
    for (let dx = -2; dx <= 2; dx++) {
      let s = 0;
      for (let y = 0; y < 32; y++) {
        for (let x = 0; x < 32; x++) {
          const [sy, sx] = [y - dy, x - dx];
          if (sy < 0 || sy > 31 || sx < 0 || sx > 31) continue;
          for (let plane = 0; plane < 3; plane++) s += a[(sy * 32 + sx) * 3 + plane]! * b[(y * 32 + x) * 3 + plane]!;
          s -= a[3072 + sy * 32 + sx]! * b[3072 + y * 32 + x]!;
        }
      }
      best = Math.max(best, s);
    }
  }
  return best;
}

test('the palm statistic is ⟨c, c′⟩ − K, the best over 25 zero-filled shifts', () => {
  const next = seededUint32(11);
  for (let run = 0; run < 20; run++) {
    const a = randomTemplate(palmStatistic, next);
    const b = run % 2 === 0 ? randomTemplate(palmStatistic, next) : recapture(palmStatistic, a, run, 150, next);
    expect(score(palmStatistic, a, b)).toBe(pixelScore(a, b));
  }
});

test('its range is reached and fits its field', () => {
  const full = new Int8Array(4096).fill(1);
  const opposite = new Int8Array(4096).fill(-1).fill(1, 3072);
  expect(score(palmStatistic, full, full)).toBe(palmStatistic.scoreMax);
  // At zero shift; a larger shift covers fewer pixels, so the best of a full disagreement is the corner shift's 30 × 30.
  expect(score({ ...palmStatistic, shifts: [palmStatistic.shifts[12]!] }, full, opposite)).toBe(palmStatistic.scoreMin);
  expect(score(palmStatistic, full, opposite)).toBe(-4 * 900);
  expect(palmStatistic.scoreMax - palmStatistic.scoreMin).toBeLessThan(palmStatistic.p);
});

test('a recapture at any shift scores at that shift', () => {
  const next = seededUint32(12);
  const a = randomTemplate(palmStatistic, next);
  palmStatistic.shifts.forEach((shift, s) => {
    const b = recapture(palmStatistic, a, s, 0, next);
    const valid = [...shift.subarray(3072)].filter((from) => from >= 0 && a[from] === 1).length;
    expect(score(palmStatistic, a, b)).toBe(2 * valid);
  });
});

test.each([irisStatistic, embeddingStatistic])('the range of $id fits its field, and a shift is a permutation', ({ scoreMax, scoreMin, p, shifts, coordinates, codeCoordinates }) => {
  expect(scoreMax - scoreMin).toBeLessThan(p);
  for (const shift of shifts) {
    expect(new Set(shift).size).toBe(coordinates);
    expect(shift.every((from, to) => from < codeCoordinates === to < codeCoordinates)).toBe(true);
  }
});

test('iris codes reach the ends of their range', () => {
  const full = new Int8Array(19_200).fill(1);
  const opposite = new Int8Array(19_200).fill(-1).fill(1, 12_800);
  expect(score(irisStatistic, full, full)).toBe(irisStatistic.scoreMax);
  expect(score(irisStatistic, full, opposite)).toBe(irisStatistic.scoreMin);
});
