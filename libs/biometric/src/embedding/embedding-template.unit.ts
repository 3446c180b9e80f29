import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { stream } from '../synthetic/random.ts';
import { compareEmbeddings, createEmbeddingTemplate, EMBEDDING_ENCODER, EMBEDDING_LENGTH, quantiseEmbedding, SQUARED_NORM_MAX } from './embedding-template.ts';

const normalVector = (seed: number): number[] => {
  const { normal } = stream([5, seed]);
  return Array.from({ length: EMBEDDING_LENGTH }, () => normal());
};
const cosine = (a: readonly number[], b: readonly number[]): number => {
  const dot = (x: readonly number[], y: readonly number[]): number => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
};
describe('quantising an embedding', () => {
  test('keeps the norm in its bound and the direction within 11°, whatever the vector and its scale', () => {
    const shapes = [(value: number) => value, () => 1, (_: number, i: number) => (i < 9 ? 1 : 0), (value: number, i: number) => value / (1 + i), (value: number) => value ** 5];
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(...shapes), fc.constantFrom(1, -1e-300, 1e150), (seed, shape, scale) => {
        const vector = normalVector(seed).map(shape);
        const { values } = quantiseEmbedding(vector.map((value) => value * scale));
        expect(values.reduce((sum, value) => sum + value * value, 0)).toBeLessThanOrEqual(SQUARED_NORM_MAX);
        expect(cosine(vector, Array.from(values)) * Math.sign(scale)).toBeGreaterThan(0.982);
      }),
      { numRuns: 60 },
    );
  });

  test('one value alone reaches 63, its square just below the bound', () => {
    const { values } = quantiseEmbedding(Array.from({ length: EMBEDDING_LENGTH }, (_, i) => (i === 7 ? -3 : 0)));
    expect([values[7], values.filter((value) => value !== 0).length]).toEqual([-63, 1]);
  });

  test('loses at most 0.02 of a cosine over random and alike vectors', () => {
    for (let seed = 0; seed < 100; seed++) {
      const [a, noise] = [normalVector(2 * seed), normalVector(2 * seed + 1)];
      for (const mix of [0, 0.3, 1, 3]) {
        const b = a.map((value, i) => value + mix * noise[i]!);
        const [x, y] = [quantiseEmbedding(a), quantiseEmbedding(b)];
        expect(Math.abs(compareEmbeddings(x, y) / SQUARED_NORM_MAX - cosine(a, b))).toBeLessThan(0.02);
      }
    }
  });

  test.each([
    ['NaN', 'embedding.not-finite', (v: number[]) => void (v[3] = NaN)],
    ['infinity', 'embedding.not-finite', (v: number[]) => void (v[500] = -Infinity)],
    ['zeros', 'embedding.zero', (v: number[]) => void v.fill(0)],
    ['a value too few', 'embedding.wrong-length', (v: number[]) => void v.pop()],
    ['a value too many', 'embedding.wrong-length', (v: number[]) => void v.push(1)],
  ])('%s is refused', (_, code, change) => {
    const vector = normalVector(1);
    change(vector);
    expect(() => quantiseEmbedding(vector)).toThrow(expect.objectContaining({ code }));
  });
});

describe('an embedding template', () => {
  const { values } = quantiseEmbedding(normalVector(1));

  test('is taken as it was made', () => {
    expect(createEmbeddingTemplate(EMBEDDING_ENCODER, Array.from(values)).values).toEqual(values);
  });

  test.each([
    ['too long a vector', () => createEmbeddingTemplate(EMBEDDING_ENCODER, new Int8Array(EMBEDDING_LENGTH).fill(3)), 'template.impossible-values'],
    ['a value beyond int8', () => createEmbeddingTemplate(EMBEDDING_ENCODER, Array.from(values, (value, i) => (i === 0 ? value + 256 : value))), 'template.impossible-values'],
    ['a fraction', () => createEmbeddingTemplate(EMBEDDING_ENCODER, Array.from(values, (value, i) => (i === 0 ? value + 0.5 : value))), 'template.impossible-values'],
    ['zeros', () => createEmbeddingTemplate(EMBEDDING_ENCODER, new Int8Array(EMBEDDING_LENGTH)), 'template.impossible-values'],
    ['another length', () => createEmbeddingTemplate(EMBEDDING_ENCODER, values.subarray(1)), 'template.malformed'],
    ['another encoder', () => createEmbeddingTemplate('embedding-512-2', values), 'template.unknown-encoder'],
  ])('%s is refused', (_, make, code) => {
    expect(make).toThrow(expect.objectContaining({ code }));
  });
});
