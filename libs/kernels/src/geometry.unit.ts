import { expect, test } from '@jest/globals';
import { coordinatesOf, shiftSources } from './geometry.ts';
import { irisGeometry, palmGeometry } from './modalities.ts';

test('a palm has the order of palm-compcode-1: code[(y·32 + x)·3 + plane], mask[3072 + y·32 + x], shifts of ±2 with dx fast', () => {
  expect(coordinatesOf(palmGeometry)).toBe(4096);
  expect(palmGeometry.shifts.length).toBe(25);
  palmGeometry.shifts.forEach((shift, k) => {
    const [dy, dx] = [Math.floor(k / 5) - 2, (k % 5) - 2];
    const expected = new Int32Array(4096).fill(-1);
    for (let y = 0; y < 32; y++) {
      for (let x = 0; x < 32; x++) {
        const [fromY, fromX] = [y - dy, x - dx];
        if (fromY < 0 || fromY > 31 || fromX < 0 || fromX > 31) continue;
        for (let plane = 0; plane < 3; plane++) expected[(y * 32 + x) * 3 + plane] = (fromY * 32 + fromX) * 3 + plane;
        expected[3072 + y * 32 + x] = 3072 + fromY * 32 + fromX;
      }
    }
    expect(shiftSources(palmGeometry, shift)).toEqual(expected);
  });
});

test('an iris turns: each shift permutes the columns of every row of every plane', () => {
  expect(coordinatesOf(irisGeometry)).toBe(19_200);
  expect(irisGeometry.shifts.map(({ dx }) => dx)).toEqual(Array.from({ length: 31 }, (_, i) => i - 15));
  for (const shift of irisGeometry.shifts) {
    const sources = shiftSources(irisGeometry, shift);
    expect(new Set(sources).size).toBe(19_200);
    expect([sources[0], sources[199]]).toEqual([(200 - shift.dx) % 200, (399 - shift.dx) % 200]);
    expect(sources[3200 * 5 + 200 * 15 + 100]).toBe(3200 * 5 + 200 * 15 + 100 - shift.dx);
  }
});
