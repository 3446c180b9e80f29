import { describe, expect, test } from '@jest/globals';
import { type Capture } from './captures.ts';
import { compareEveryPair, compareWithReferences } from './comparisons.ts';

const capture = (palm: string, session: string, template: number): Capture<number> => ({ palm, name: `${session}_${template}`, session, template });
const captures = [capture('a', '1', 1), capture('a', '2', 2), capture('b', '1', 10), capture('b', '1', 20)];
const product = (a: number, b: number): number => a * b;

describe('every pair', () => {
  const { palms, genuine, impostor } = compareEveryPair(captures, product);

  test('once each, genuine and impostor apart', () => {
    expect([palms, [...genuine.scores], [...impostor.scores]]).toEqual([['a', 'b'], [2, 200], [10, 20, 20, 40]]);
    expect([[...impostor.reference], [...impostor.probe]]).toEqual([[0, 0, 0, 0], [1, 1, 1, 1]]);
    expect([...genuine.reference]).toEqual([0, 1]);
  });

  test('knows sessions', () => {
    expect([[...genuine.acrossSessions], [...impostor.acrossSessions]]).toEqual([[1, 0], [0, 0, 1, 1]]);
  });

  test.each([
    ['one palm', captures.slice(0, 2), 'evaluation.one-palm'],
    ['nothing', [], 'evaluation.one-palm'],
    ['one capture of each palm', [captures[0]!, captures[2]!], 'evaluation.no-genuine'],
  ])('refuses %s', (_, few, code) => {
    expect(() => compareEveryPair(few, product)).toThrow(expect.objectContaining({ code }));
  });

  test('refuses more than ten million comparisons before it makes any', () => {
    const many = Array.from({ length: 4473 }, (_, i) => capture(String(i % 7), '1', i));
    const never = (): number => {
      throw new Error('compared');
    };
    expect(() => compareEveryPair(many, never)).toThrow(expect.objectContaining({ code: 'evaluation.too-many-comparisons' }));
  });

  test('a score that is no number is a fault', () => {
    expect(() => compareEveryPair(captures, () => NaN)).toThrow(expect.objectContaining({ code: 'evaluation.score', kind: 'fatal' }));
  });
});

describe('references and probes', () => {
  test('every probe meets every reference', () => {
    const { palms, genuine, impostor } = compareWithReferences([captures[0]!, captures[2]!], [captures[1]!, captures[3]!, capture('stranger', '1', 3)], product);
    expect([palms, [...genuine.scores], [...impostor.scores]]).toEqual([['a', 'b', 'stranger'], [2, 200], [20, 3, 20, 30]]);
  });

  test('refuses references that nobody meets', () => {
    expect(() => compareWithReferences([captures[0]!], [captures[2]!], product)).toThrow(expect.objectContaining({ code: 'evaluation.no-genuine' }));
    expect(() => compareWithReferences([captures[0]!], [captures[1]!], product)).toThrow(expect.objectContaining({ code: 'evaluation.one-palm' }));
  });
});
