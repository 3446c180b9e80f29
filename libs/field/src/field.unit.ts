import { describe, expect, test } from '@jest/globals';
import { createField, decodeByExclusion, evaluatePolynomial, interpolate, isCodeword, lagrangeCoefficients, subsets, uniformResidues } from './index.ts';

const primes = [8191, 65521];

test.each([[8190], [1], [2], [0], [-7], [65536], [65537], [8191.5], [NaN]])('refuses the modulus %p', (p) => {
  expect(() => createField(p)).toThrow(expect.objectContaining({ code: 'field.modulus' }));
});

describe.each(primes)('F_%i', (p) => {
  const field = createField(p);

  test('agrees with big integers at and around the ends', () => {
    const values = [0, 1, 2, (p - 1) / 2, (p + 1) / 2, p - 2, p - 1];
    for (const a of values) {
      expect(field.reduce(field.balance(a))).toBe(a);
      expect(Math.abs(field.balance(a))).toBeLessThanOrEqual((p - 1) / 2);
      if (a > 0) expect(field.mul(a, field.inv(a))).toBe(1);
      for (const b of values) {
        expect(field.add(a, b)).toBe(Number((BigInt(a) + BigInt(b)) % BigInt(p)));
        expect(field.sub(a, b)).toBe(Number((BigInt(a) - BigInt(b) + BigInt(p)) % BigInt(p)));
        expect(field.mul(a, b)).toBe(Number((BigInt(a) * BigInt(b)) % BigInt(p)));
      }
    }
    expect(field.reduce(-1)).toBe(p - 1);
    expect(() => field.inv(0)).toThrow(expect.objectContaining({ code: 'field.division-by-zero' }));
  });

  test('Lagrange coefficients rebuild any value of a polynomial', () => {
    const coefficients = [17, p - 1, 3, 4095];
    const points = [1, 2, 5, 7];
    const values = points.map((x) => evaluatePolynomial(field, coefficients, x));
    for (const at of [0, 3, p - 1]) expect(interpolate(field, points, values, at)).toBe(evaluatePolynomial(field, coefficients, at));
    expect(() => lagrangeCoefficients(field, [1, 2, 1])).toThrow(expect.objectContaining({ code: 'field.repeated-point' }));
  });

  test('a word is told from a word with one value changed, and decoded while decoding is unique', () => {
    const coefficients = [9, 8, p - 7];
    const points = [1, 2, 3, 4, 5, 6, 7];
    const values = points.map((x) => evaluatePolynomial(field, coefficients, x));
    expect(isCodeword(field, points, values, 2)).toBe(true);
    expect(isCodeword(field, points, values, 1)).toBe(false);
    for (const wrong of [...subsets(points, 1), ...subsets(points, 2)]) {
      const received = values.map((v, i) => (wrong.includes(points[i]!) ? field.add(v, 1 + i) : v));
      expect(isCodeword(field, points, received, 2)).toBe(false);
      expect(decodeByExclusion(field, points, received, 2, 2)).toEqual({ value: 9, wrong });
    }
    const three = values.map((v, i) => (i < 3 ? field.add(v, 1 + i * i) : v));
    expect(decodeByExclusion(field, points, three, 2, 2)).toBeNull();
    expect(() => decodeByExclusion(field, points, values, 2, 3)).toThrow(expect.objectContaining({ code: 'field.undecodable-bound' }));
  });

  test('sampling rejects words outside the field instead of folding them', () => {
    const mask = (1 << field.bits) - 1;
    const words = [p, mask, 5, p - 1, 0, mask];
    let served = 0;
    const source = {
      bytes(count: number) {
        const bytes = new Uint8Array(count);
        for (let i = 0; i < count; i += 2, served++) {
          const word = words[served % words.length]!;
          bytes[i] = word & 255;
          bytes[i + 1] = word >> 8;
        }
        return bytes;
      },
    };
    const got = uniformResidues(field, 300, source);
    expect(new Set(got)).toEqual(new Set([5, p - 1, 0]));
  });
});

test('subsets come in lexicographic order', () => {
  expect(subsets([1, 2, 3], 2)).toEqual([[1, 2], [1, 3], [2, 3]]);
  expect(subsets([1], 2)).toEqual([]);
  expect(subsets([1, 2, 3, 4, 5, 6, 7], 3)).toHaveLength(35);
});
