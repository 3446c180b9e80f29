import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BoopError } from '@boop/shared';
import { CODE_BITS, COLUMNS, IRIS_TEMPLATE_LENGTH, PAIRS, ROTATION_MAX, ROWS, SCALES } from './format.ts';
import { compareIrises } from './iris-score.ts';
import { createIrisTemplate, IRIS_ENCODER, IRIS_PAIRS_MIN, type IrisTemplate, validPairs } from './iris-template.ts';

const bits = (seed: number, length: number): number[] => {
  let state = seed | 1;
  return Array.from({ length }, () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    return (state >>> 16) & 1;
  });
};
function randomTemplate(seed: number, hidden: (pair: number) => boolean = () => false): IrisTemplate {
  const values = new Int8Array(IRIS_TEMPLATE_LENGTH);
  const code = bits(seed, CODE_BITS);
  for (let pair = 0; pair < PAIRS; pair++) {
    if (hidden(pair)) continue;
    values[CODE_BITS + pair] = 1;
    for (const part of [0, 1]) values[pair * 2 + part] = 1 - 2 * code[pair * 2 + part]!;
  }
  return createIrisTemplate(IRIS_ENCODER, values);
}
/** The definition, coordinate by coordinate. */
function scoreAt(a: Int8Array, b: Int8Array, rotation: number): number {
  let [code, mask] = [0, 0];
  for (let row = 0; row < ROWS; row++) {
    for (let column = 0; column < COLUMNS; column++) {
      const from = (column + rotation + COLUMNS) % COLUMNS;
      for (let scale = 0; scale < SCALES; scale++) {
        const [p, q] = [(row * COLUMNS + from) * SCALES + scale, (row * COLUMNS + column) * SCALES + scale];
        for (const part of [0, 1]) code += a[p * 2 + part]! * b[q * 2 + part]!;
        mask += a[CODE_BITS + p]! * b[CODE_BITS + q]!;
      }
    }
  }
  return 2 * code - mask;
}

describe('comparing irises', () => {
  test('is the definition of S, maximised over 31 rotations', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.integer({ min: 2, max: 9 }), (s, t, gap) => {
        const [a, b] = [randomTemplate(s, (pair) => pair % gap === 0), randomTemplate(t, (pair) => pair % (gap + 1) === 1)];
        const all = Array.from({ length: 2 * ROTATION_MAX + 1 }, (_, i) => scoreAt(a.values, b.values, i - ROTATION_MAX));
        const { score, rotation, hammingDistance } = compareIrises(a, b);
        expect(score).toBe(Math.max(...all));
        expect(all[rotation + ROTATION_MAX]).toBe(score);
        expect(score >= 0).toBe(hammingDistance <= 3 / 8);
      }),
      { numRuns: 8 },
    );
  });

  test('reaches both ends of the range', () => {
    const a = randomTemplate(1);
    expect(compareIrises(a, a)).toEqual({ score: 19_200, hammingDistance: 0, rotation: 0 });
    expect(scoreAt(a.values, a.values.map((value, i) => (i < CODE_BITS ? -value : value)), 0)).toBe(-32_000);
  });
});

describe('an iris template', () => {
  const { values } = randomTemplate(7);
  const code = (change: (copy: Int8Array) => void, encoder: string = IRIS_ENCODER): string => {
    const copy = values.slice();
    change(copy);
    try {
      createIrisTemplate(encoder, copy);
      return 'taken';
    } catch (error) {
      return error instanceof BoopError ? error.code : 'crash';
    }
  };

  test.each([
    ['a code bit without its mask', (v: Int8Array) => void (v[CODE_BITS] = 0), 'template.impossible-values'],
    ['a mask without its code', (v: Int8Array) => void (v[1] = 0), 'template.impossible-values'],
    ['a code out of range', (v: Int8Array) => void (v[4] = 2), 'template.impossible-values'],
    ['a negative mask', (v: Int8Array) => void (v[CODE_BITS + 3] = -1), 'template.impossible-values'],
    ['a mask of zeros', (v: Int8Array) => void v.fill(0), 'template.too-few-valid'],
    ['one pair too few', (v: Int8Array) => hideFrom(v, IRIS_PAIRS_MIN - 1), 'template.too-few-valid'],
    ['just enough pairs', (v: Int8Array) => hideFrom(v, IRIS_PAIRS_MIN), 'taken'],
  ])('%s', (_, change, expected) => {
    expect(code(change)).toBe(expected);
  });

  test('of another encoder or length is refused', () => {
    expect(code(() => undefined, 'iris-gabor-2')).toBe('template.unknown-encoder');
    expect(() => createIrisTemplate(IRIS_ENCODER, values.subarray(1))).toThrow(expect.objectContaining({ code: 'template.malformed' }));
    expect(() => compareIrises({ encoder: 'other' as typeof IRIS_ENCODER, values }, { encoder: IRIS_ENCODER, values })).toThrow(expect.objectContaining({ code: 'template.unknown-encoder' }));
    expect(validPairs({ encoder: IRIS_ENCODER, values })).toBe(PAIRS);
  });
});

function hideFrom(values: Int8Array, pairs: number): void {
  values.fill(0, pairs * 2, CODE_BITS);
  values.fill(0, CODE_BITS + pairs);
}
