import { describe, expect, test } from '@jest/globals';
import { sha256 } from '@noble/hashes/sha2.js';
import { toHex } from '@boop/shared';
import { CELLS, CODE_LENGTH, GRID } from './compcode/format.ts';
import { encodePalm } from './encode-palm.ts';
import { type GreyImage } from './image/grey-image.ts';
import { stream } from './synthetic/random.ts';
import { score } from './score.ts';
import { syntheticPalm } from './synthetic/synthetic-palm.ts';
import { createTemplate, toOrientations, validCells } from './template.ts';

const SIZE = 128;
const paint = (level: (x: number, y: number) => number): GreyImage => ({
  width: SIZE,
  height: SIZE,
  pixels: Uint8Array.from({ length: SIZE * SIZE }, (_, i) => level(i % SIZE, Math.floor(i / SIZE))),
});
/** Dark lines 25 pixels apart that run at `angle` from the x axis. */
const stripes = (angle: number): GreyImage => paint((x, y) => 128 + 40 * Math.cos((2 * Math.PI * (x * Math.sin(angle) - y * Math.cos(angle))) / 25));
const palm = syntheticPalm({ identity: 1, position: 'left-palm', capture: 0 });

describe('the palm encoder', () => {
  test('gives the bytes that every runtime gives', () => {
    const { template, quality } = encodePalm(palm);
    expect(toHex(sha256(new Uint8Array(template.values)))).toBe('02ee4a582d898d623d97ac56f7e938173ece9fd0fe8089fa481d19a34d5bd5d0');
    expect(toHex(sha256(new Uint8Array(encodePalm(palm, 'palm-compcode-0').template.values)))).toBe('8d1b75133b95f0c2212cb0d0a2f42f169cba2396cbe16017f808125640d9cd1e');
    expect(quality).toEqual({ score: 100, reasons: [] });
    expect(createTemplate(template.encoder, template.values)).toEqual(template);
  });

  test.each([0, 1, 2, 3, 4, 5])('lines at %i·π/6 + π/2 get that orientation', (j) => {
    const orientations = toOrientations(encodePalm(stripes((j * Math.PI) / 6 + Math.PI / 2)).template);
    const share = (orientation: number): number => orientations.filter((value) => value === orientation).length / CELLS;
    // Along the dark middle of a stripe its own orientation wins; along the bright one, the filter least excited: across.
    expect(share(j)).toBeGreaterThan(0.43);
    expect(share(j) + share((j + 3) % 6)).toBeGreaterThan(0.8);
    expect(share(j)).toBeGreaterThan(share((j + 3) % 6));
  });

  test('does not see brightness, and hardly contrast or slanted light', () => {
    const { template } = encodePalm(palm);
    const same = (level: (value: number, x: number) => number): number => {
      const other = paint((x, y) => level(palm.pixels[y * SIZE + x]!, x));
      return score(template, encodePalm(other).template);
    };
    const self = score(template, template);
    expect(same((value) => value + 20)).toBe(self);
    expect(same((value) => 128 + (value - 128) * 0.7)).toBeGreaterThan(self * 0.85);
    expect(same((value, x) => value + (x - 64) / 8)).toBeGreaterThan(self * 0.85);
  });

  test('glare and background leave the mask with two cells around them, nothing else does', () => {
    const spoilt = paint((x, y) => (x < 8 ? 0 : Math.abs(x - 80) < 3 && Math.abs(y - 60) < 3 ? 255 : palm.pixels[y * SIZE + x]!));
    const mask = encodePalm(spoilt).template.values.subarray(CODE_LENGTH);
    const at = (x: number, y: number): number => mask[y * GRID + x]!;
    for (let y = 0; y < GRID; y++) for (let x = 0; x < 4; x++) expect(at(x, y)).toBe(0);
    for (let y = 13; y <= 16; y++) for (let x = 18; x <= 21; x++) expect(at(x, y)).toBe(0);
    expect(validCells(encodePalm(spoilt).template)).toBeGreaterThan(CELLS - 4 * GRID - 64 - 60);
  });

  test('a blank capture is encoded to an empty mask', () => {
    expect(validCells(encodePalm(paint(() => 128)).template)).toBe(0);
  });

  test.each([
    ['127 wide', { width: 127, height: 128, pixels: new Uint8Array(127 * 128) }],
    ['129 high', { width: 128, height: 129, pixels: new Uint8Array(128 * 129) }],
    ['a pixel short', { width: 128, height: 128, pixels: new Uint8Array(128 * 128 - 1) }],
    ['empty', { width: 0, height: 0, pixels: new Uint8Array(0) }],
  ])('refuses what is %s', (_, roi) => {
    expect(() => encodePalm(roi)).toThrow(expect.objectContaining({ code: 'capture.wrong-size' }));
  });
});

test('encoding keeps no state between captures', () => {
  const random = stream([5]);
  const first = encodePalm(palm);
  encodePalm(paint(() => random.between(0, 256)));
  expect(encodePalm(palm)).toEqual(first);
});
