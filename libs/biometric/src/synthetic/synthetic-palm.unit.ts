import { describe, expect, test } from '@jest/globals';
import { sha256 } from '@noble/hashes/sha2.js';
import { toHex } from '@boop/shared';
import { encodePalm } from '../encode-palm.ts';
import { score } from '../score.ts';
import { stream } from './random.ts';
import { type SyntheticSeed, syntheticPalm } from './synthetic-palm.ts';

const digest = (seed: SyntheticSeed): string => toHex(sha256(syntheticPalm(seed).pixels));
const template = (identity: number, position: SyntheticSeed['position'], capture: number) => encodePalm(syntheticPalm({ identity, position, capture })).template;

describe('synthetic palms', () => {
  test('are the same pixels for the same seed, on every runtime', () => {
    expect(digest({ identity: 0, position: 'left-palm', capture: 0 })).toBe('569a214573da90d3ad08c0c9ae0002ad98cc01b7f1ed3fbd4830a0dc7e5bd148');
  });

  test('differ by identity, position, session and capture', () => {
    const seeds: SyntheticSeed[] = [0, 1, 2 ** 32, 2 ** 53 - 1].flatMap((identity) =>
      (['left-palm', 'right-palm'] as const).flatMap((position) => [0, 1, 6, 2 ** 32].map((capture) => ({ identity, position, capture }))),
    );
    expect(new Set(seeds.map(digest)).size).toBe(seeds.length);
  });

  test('the two palms of a person are two palms', () => {
    expect(score(template(4, 'left-palm', 0), template(4, 'left-palm', 1))).toBeGreaterThan(400);
    expect(score(template(4, 'left-palm', 0), template(4, 'right-palm', 0))).toBeLessThan(0);
  });

  test.each([-1, 0.5, 2 ** 53, Number.NaN])('identity %d is refused', (identity) => {
    expect(() => syntheticPalm({ identity, position: 'left-palm', capture: 0 })).toThrow(expect.objectContaining({ code: 'synthetic.seed' }));
    expect(() => syntheticPalm({ identity: 0, position: 'left-palm', capture: identity })).toThrow(expect.objectContaining({ code: 'synthetic.seed' }));
  });
});

describe('the stream behind them', () => {
  test('is uniform and standard normal to what 20,000 draws show', () => {
    const random = stream([1, 2, 3]);
    const draws = Array.from({ length: 20_000 }, () => random.uniform());
    const bins = new Array<number>(20).fill(0);
    for (const draw of draws) bins[Math.floor(draw * 20)]!++;
    // Chi-square with 19 degrees of freedom: 43.8 is the 0.1 % point.
    expect(bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)).toBeLessThan(43.8);
    const normals = Array.from({ length: 20_000 }, () => random.normal());
    expect(Math.abs(normals.reduce((a, b) => a + b, 0) / 20_000)).toBeLessThan(0.03);
    expect(Math.abs(normals.reduce((a, b) => a + b * b, 0) / 20_000 - 1)).toBeLessThan(0.04);
  });

  test('depends on each part of the key', () => {
    const first = [[1, 2], [2, 1], [1], [1, 2, 0], [1 + 2 ** 32, 2]].map((key) => stream(key).uniform());
    expect(new Set(first).size).toBe(first.length);
  });
});
