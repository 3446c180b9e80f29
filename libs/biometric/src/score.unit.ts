import { describe, expect, test } from '@jest/globals';
import { CODE_LENGTH, GRID, INVALID, PLANES } from './compcode/format.ts';
import { bestShift, packPalm, score, scorePacked, shifts } from './score.ts';
import { stream } from './synthetic/random.ts';
import { type Template, valuesOf } from './template.ts';

const random = stream([99]);
const template = (values: Int8Array): Template => ({ encoder: 'palm-compcode-1', values });
const anyTemplate = (): Template => template(valuesOf(Uint8Array.from({ length: GRID * GRID }, () => Math.floor(random.between(0, INVALID + 1)))));

/** ⟨c, c'⟩ - ⟨m, m'⟩ by the letter of the definition. */
function byDefinition(a: Template, b: Template): number {
  const scores = shifts.map(({ dx, dy }) => {
    const shifted = new Int8Array(a.values.length);
    for (let y = 0; y < GRID; y++) {
      for (let x = 0; x < GRID; x++) {
        if (y - dy < 0 || y - dy >= GRID || x - dx < 0 || x - dx >= GRID) continue;
        const [to, from] = [y * GRID + x, (y - dy) * GRID + x - dx];
        for (let plane = 0; plane < PLANES; plane++) shifted[to * PLANES + plane] = a.values[from * PLANES + plane]!;
        shifted[CODE_LENGTH + to] = a.values[CODE_LENGTH + from]!;
      }
    }
    return shifted.reduce((sum, value, i) => sum + (i < CODE_LENGTH ? 1 : -1) * value * b.values[i]!, 0);
  });
  return Math.max(...scores);
}

describe('the score', () => {
  test('is ⟨c, c′⟩ - ⟨m, m′⟩, the best of 25 shifts', () => {
    for (let i = 0; i < 25; i++) {
      const [a, b] = [anyTemplate(), anyTemplate()];
      expect(score(a, b)).toBe(byDefinition(a, b));
      expect(score(b, a)).toBe(score(a, b));
      expect(scorePacked(packPalm(a), packPalm(b))).toBe(score(a, b));
    }
  });

  test('follows single flipped bits, also to words that are no codeword', () => {
    const [a, b] = [anyTemplate(), anyTemplate()];
    for (let i = 0; i < 25; i++) {
      a.values[Math.floor(random.between(0, CODE_LENGTH))]! *= -1;
      expect(score(a, b)).toBe(byDefinition(a, b));
    }
  });

  test('of a full template with itself is 2048, of its opposite -4 per cell at the smallest overlap', () => {
    const full = template(valuesOf(new Uint8Array(GRID * GRID).fill(2)));
    const opposite = template(valuesOf(new Uint8Array(GRID * GRID).fill(5)));
    expect(score(full, full)).toBe(2048);
    expect(score(full, opposite)).toBe(-4 * 30 * 30);
  });

  test('finds the shift', () => {
    const a = Uint8Array.from({ length: GRID * GRID }, () => Math.floor(random.between(0, 6)));
    const moved = Uint8Array.from(a, (_, i) => (i % GRID === 0 || i < 2 * GRID ? INVALID : a[i - 2 * GRID - 1]!));
    expect(bestShift(template(valuesOf(a)), template(valuesOf(moved)))).toMatchObject({ dx: 1, dy: 2, score: 2 * 30 * 31 });
  });

  test('templates of two encoders do not compare', () => {
    const other = { ...anyTemplate(), encoder: 'palm-compcode-2' as 'palm-compcode-1' };
    expect(() => score(anyTemplate(), other)).toThrow(expect.objectContaining({ code: 'template.unknown-encoder' }));
  });
});
