import { describe, expect, test } from '@jest/globals';
import { encodePalm } from './encode-palm.ts';
import { type GreyImage } from './image/grey-image.ts';
import { QUALITY_MIN, type QualityReason } from './quality.ts';
import { stream } from './synthetic/random.ts';
import { syntheticPalm } from './synthetic/synthetic-palm.ts';

const SIZE = 128;
// Looked up once: each access to a global is slow inside of a test's context.
const { floor, max, min } = Math;
const paint = (level: (x: number, y: number) => number): GreyImage => ({
  width: SIZE,
  height: SIZE,
  pixels: Uint8Array.from({ length: SIZE * SIZE }, (_, i) => min(255, max(0, level(i % SIZE, floor(i / SIZE))))),
});
const palms = Array.from({ length: 6 }, (_, identity) => syntheticPalm({ identity, position: 'right-palm', capture: identity }));
const change = (palm: GreyImage, level: (value: number, x: number, y: number) => number): GreyImage => paint((x, y) => level(palm.pixels[y * SIZE + x]!, x, y));
const clamped = (v: number): number => min(SIZE - 1, max(0, v));
/** Mean over a square of 2r + 1 pixels, twice: close to a Gaussian blur. */
const blur = (palm: GreyImage, r: number, times = 2): GreyImage =>
  times === 0
    ? palm
    : blur(
        change(palm, (_, x, y) => {
          let sum = 0;
          for (let dy = -r; dy <= r; dy++) for (let dx = -r; dx <= r; dx++) sum += palm.pixels[clamped(y + dy) * SIZE + clamped(x + dx)]!;
          return sum / (2 * r + 1) ** 2;
        }),
        r,
        times - 1,
      );

describe('quality', () => {
  test('of good captures is enough, without reasons', () => {
    for (const palm of palms) {
      const { score, reasons } = encodePalm(palm).quality;
      expect(score).toBeGreaterThanOrEqual(QUALITY_MIN);
      expect(reasons).toEqual([]);
    }
  });

  const spoilt: [string, QualityReason, (palm: GreyImage) => GreyImage][] = [
    ['blurred', 'blurred', (palm) => blur(palm, 3)],
    ['underexposed', 'too-dark', (palm) => change(palm, (value) => value / 6)],
    ['in the dark', 'too-dark', (palm) => change(palm, (value) => value / 20)],
    ['overexposed', 'too-bright', (palm) => change(palm, (value) => value + 150)],
    ['saturated', 'too-bright', (palm) => change(palm, (value) => value * 3)],
    ['of low contrast', 'low-contrast', (palm) => change(palm, (value) => 128 + (value - 128) / 6)],
    ['with a lamp in it', 'glare', (palm) => change(palm, (value, x, y) => ((x - 64) ** 2 + (y - 50) ** 2 < 200 ? 255 : value))],
    ['half out of view', 'partly-out-of-view', (palm) => change(palm, (value, x) => (x < 50 ? 2 : value))],
  ];
  test.each(spoilt)('a palm %s is refused for that', (_, reason, spoil) => {
    for (const palm of palms) {
      const { score, reasons } = encodePalm(spoil(palm)).quality;
      expect(score).toBeLessThan(QUALITY_MIN);
      expect(reasons).toContain(reason);
    }
  });

  const random = stream([7]);
  test.each([
    ['flat grey', paint(() => 128), ['blank']],
    ['a smooth gradient', paint((x) => 60 + x), ['blank']],
    ['noise', paint(() => random.between(0, 256)), ['blank']],
    ['faint noise', paint(() => 120 + random.between(0, 10)), ['blank']],
    ['black', paint(() => 0), ['too-dark']],
    ['white', paint(() => 255), ['too-bright']],
  ])('%s is no palm', (_, image, reasons) => {
    const quality = encodePalm(image).quality;
    expect(quality.score).toBeLessThan(40);
    expect(quality.reasons).toEqual(reasons);
  });

  test('falls as blur grows', () => {
    const scores = [0, 1, 2, 4].map((r) => encodePalm(r === 0 ? palms[0]! : blur(palms[0]!, r)).quality.score);
    for (let i = 1; i < scores.length; i++) expect(scores[i]).toBeLessThanOrEqual(scores[i - 1]!);
    expect(scores[3]).toBeLessThan(50);
  });
});
