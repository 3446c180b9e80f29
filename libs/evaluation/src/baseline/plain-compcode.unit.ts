import { describe, expect, test } from '@jest/globals';
import { type Template, score, validCells } from '@boop/biometric';
import { plainCompCode } from './plain-compcode.ts';

const SIDE = 128;
/** Dark lines 14 pixels apart, at j·30°: across them the grey level falls and rises. */
const stripes = (j: number) => {
  const [cosine, sine] = [Math.cos((j * Math.PI) / 6), Math.sin((j * Math.PI) / 6)];
  const pixels = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => 128 + 80 * Math.cos((2 * Math.PI * ((i % SIDE) * cosine + Math.floor(i / SIDE) * sine)) / 14));
  return { width: SIDE, height: SIDE, pixels };
};
const WORDS = ['000', '001', '011', '111', '110', '100'];
/** The most common codeword on dark lines away from the edges, where the filters see stripes only. */
const commonest = ({ values }: Template, pixels: Uint8Array): string => {
  const counts = new Map<string, number>();
  for (let cell = 0; cell < 1024; cell++) {
    if (cell % 32 < 6 || cell % 32 > 25 || cell < 192 || cell > 831) continue;
    if (pixels[(4 * Math.floor(cell / 32) + 2) * SIDE + 4 * (cell % 32) + 2]! > 70) continue;
    const word = [0, 1, 2].map((plane) => (1 - values[cell * 3 + plane]!) / 2).join('');
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]![0];
};

describe('plain CompCode', () => {
  test.each([0, 1, 2, 3, 4, 5])('lines at %p·30° get their codeword', (j) => {
    expect(commonest(plainCompCode(stripes(j)), stripes(j).pixels)).toBe(WORDS[j]);
  });

  test('has no mask: all 1,024 cells are valid, and a capture matches itself in full', () => {
    for (const scale of [1, 2] as const) {
      const template = plainCompCode(stripes(2), scale);
      expect([validCells(template), score(template, template)]).toEqual([1024, 2048]);
    }
  });

  test('at half resolution sees lines twice as wide', () => {
    const narrow = stripes(3).pixels;
    const pixels = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => narrow[Math.floor(Math.floor(i / SIDE) / 2) * SIDE + Math.floor((i % SIDE) / 2)]!);
    expect(commonest(plainCompCode({ width: SIDE, height: SIDE, pixels }, 2), pixels)).toBe(WORDS[3]);
  });

  test('does not see the mean or the contrast', () => {
    const dim = stripes(4).pixels.map((value) => Math.round(value / 2));
    expect(score(plainCompCode({ width: SIDE, height: SIDE, pixels: dim }), plainCompCode(stripes(4)))).toBeGreaterThan(1900);
  });

  test('refuses other sizes', () => {
    expect(() => plainCompCode({ width: 64, height: 64, pixels: new Uint8Array(4096) })).toThrow(expect.objectContaining({ code: 'capture.wrong-size' }));
  });
});
