import { describe, expect, test } from '@jest/globals';
import { createField } from '@boop/field';
import { seededUint32 } from '@boop/testing';
import { checkDeclaredValid, countValid, palmStatistic } from './index.ts';
import { KeyStream, softwareAesCtr } from './prf.ts';
import { codesPerMask, formTerms, randomCombination } from './template-form.ts';
import { pairedStatistic } from './testing/split-harness.ts';
import { randomTemplate } from './testing/templates.ts';

const field = createField(8191);

describe.each([palmStatistic, pairedStatistic])('$id', (statistic) => {
  const next = seededUint32(3);

  test('all terms of a template are 0 in the clear, and every wrong coordinate shows in its own', () => {
    const template = randomTemplate(statistic, next);
    const valid = countValid(statistic, template);
    const terms = formTerms(createField(statistic.p), statistic, Int16Array.from(template), valid);
    expect(terms).toEqual(new Uint16Array(statistic.coordinates + 1));
    for (const at of [0, statistic.codeCoordinates - 1, statistic.codeCoordinates, statistic.coordinates - 1]) {
      const wrong = Int16Array.from(template);
      wrong[at] = 2;
      expect(formTerms(createField(statistic.p), statistic, wrong, valid)[at]).not.toBe(0);
    }
    expect(formTerms(createField(statistic.p), statistic, Int16Array.from(template), valid - 1)[statistic.coordinates]).toBe(1);
  });

  test('each code coordinate is held against its own mask coordinate', () => {
    const codes = codesPerMask(statistic);
    for (const mask of [0, 1, statistic.coordinates - statistic.codeCoordinates - 1]) {
      const share = new Int16Array(statistic.coordinates);
      share[statistic.codeCoordinates + mask] = 1;
      const terms = formTerms(createField(statistic.p), statistic, share, 1);
      const touched = [...terms.keys()].filter((i) => terms[i] !== 0);
      expect(touched).toEqual(Array.from({ length: codes }, (_, i) => mask * codes + i));
    }
  });

  test('numbers of valid coordinates that a splitter may declare', () => {
    const masks = statistic.coordinates - statistic.codeCoordinates;
    for (const valid of [statistic.validMin, masks]) expect(() => checkDeclaredValid(statistic, valid)).not.toThrow();
    for (const valid of [statistic.validMin - 1, masks + 1, statistic.p + statistic.validMin, 1e9, -1, Number.NaN, statistic.validMin + 0.5])
      expect(() => checkDeclaredValid(statistic, valid)).toThrow(expect.objectContaining({ code: 'split.invalid-form', kind: 'rejected' }));
  });
});

test('a template with too small a mask, or none at all, is not counted', () => {
  const template = new Int8Array(palmStatistic.coordinates);
  template.fill(1, 3072, 3072 + 511);
  expect(() => countValid(palmStatistic, template)).toThrow(expect.objectContaining({ code: 'template.too-few-valid', retryAllowed: true }));
  template[4095] = 1;
  expect(countValid(palmStatistic, template)).toBe(512);
  template[4095] = 2;
  expect(() => countValid(palmStatistic, template)).toThrow(expect.objectContaining({ code: 'template.malformed' }));
  const embedding = { ...palmStatistic, coordinates: 512, codeCoordinates: 512 };
  const uneven = { ...palmStatistic, codeCoordinates: 3000 };
  const wide = { ...palmStatistic, coordinates: 2 * 8191, codeCoordinates: 8191 };
  for (const statistic of [embedding, uneven, wide]) expect(() => codesPerMask(statistic)).toThrow(expect.objectContaining({ code: 'statistic.no-mask' }));
});

test('a random combination is the inner product with the stream, also of negative and largest values', () => {
  const stream = (): KeyStream => new KeyStream(softwareAesCtr, new Uint8Array(32).fill(5));
  const unit = (at: number, value: number): Int16Array => Int16Array.from({ length: 300 }, (_, i) => (i === at ? value : 0));
  const rho = Array.from({ length: 300 }, (_, i) => randomCombination(field, unit(i, 1), stream()));
  expect(new Set(rho).size).toBeGreaterThan(280);
  const values = Int16Array.from({ length: 300 }, (_, i) => (i % 2 === 0 ? -4095 : 4095));
  expect(randomCombination(field, values, stream())).toBe(rho.reduce((sum, r, i) => field.reduce(sum + r * values[i]!), 0));
});
