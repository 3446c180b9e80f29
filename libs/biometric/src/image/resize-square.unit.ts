import { describe, expect, test } from '@jest/globals';
import { resizeSquare } from './resize-square.ts';

const square = (side: number, level: (x: number, y: number) => number) => ({ width: side, height: side, pixels: Uint8Array.from({ length: side * side }, (_, i) => level(i % side, Math.floor(i / side))) });

describe('a square of another size', () => {
  test('of 128 is left as it is', () => {
    const image = square(128, (x, y) => x ^ y);
    expect(resizeSquare(image)).toBe(image);
  });

  test.each([64, 100, 150, 256, 301])('of %i keeps a constant and a ramp', (side) => {
    expect(new Set(resizeSquare(square(side, () => 77)).pixels)).toEqual(new Set([77]));
    const { pixels, width, height } = resizeSquare(square(side, (x) => (x * 200) / side));
    expect([width, height]).toEqual([128, 128]);
    for (let x = 2; x < 126; x++) expect(Math.abs(pixels[5 * 128 + x]! - ((x + 0.5) * 200) / 128)).toBeLessThan(200 / side + 1);
    expect(pixels[64 * 128 + 100]).toBe(pixels[100]);
  });

  test('of 256 is the mean of 2×2, not transposed', () => {
    const image = square(256, (x, y) => (x < 4 ? 200 : y % 50));
    const { pixels } = resizeSquare(image);
    for (let y = 0; y < 128; y++) expect(pixels[y * 128 + 1]).toBe(200);
    expect(pixels[10 * 128 + 64]).toBe(Math.floor((20 + 21) / 2 + 0.5));
  });

  test.each([
    [63, 63],
    [128, 129],
    [0, 0],
  ])('%i×%i is refused', (width, height) => {
    expect(() => resizeSquare({ width, height, pixels: new Uint8Array(width * height) })).toThrow(expect.objectContaining({ code: 'capture.wrong-size' }));
  });
});
