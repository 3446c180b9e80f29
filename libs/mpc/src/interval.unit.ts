import { describe, expect, test } from '@jest/globals';
import { intervalEnds } from './interval.ts';

/** Words of r: over 8191 zero has two. */
const words = (p: number): number => (p === 8191 ? 8192 : p);

function accepts(p: number, c: number, r: number, theta: number, scoreMax: number): boolean {
  const { a, b, wraps } = intervalEnds(p, c, theta, scoreMax);
  return (r < b) !== (r < a) !== wraps;
}

/** S = c − r, as the representative in (scoreMax − p, scoreMax]. */
function truth(p: number, c: number, r: number, theta: number, scoreMax: number): boolean {
  let s = (((c - r) % p) + p) % p;
  while (s > scoreMax) s -= p;
  while (s <= scoreMax - p) s += p;
  return s >= theta;
}

describe.each([
  [8191, 2048, [-4095, -1, 0, 1, 302, 2047, 2048]],
  [8191, 4095, [-4094, 0, 4095]],
  [65521, 19200, [-31999, -1, 0, 300, 19200]],
])('p = %i, scores up to %i', (p, scoreMax, thetas) => {
  test.each(thetas)('θ = %i: right for every word of r at chosen c, and for every c at chosen words of r', (theta) => {
    const edges = [0, 1, 2, theta, theta - 1, theta + 1, scoreMax, scoreMax - 1, scoreMax + 1].map((x) => ((x % p) + p) % p);
    const failures: number[][] = [];
    for (const c of [...edges, p - 1, p >> 1]) for (let r = 0; r < words(p); r++) if (accepts(p, c, r, theta, scoreMax) !== truth(p, c, r, theta, scoreMax)) failures.push([c, r]);
    for (const r of [0, 1, p - 1, words(p) - 1, p >> 1]) for (let c = 0; c < p; c++) if (accepts(p, c, r, theta, scoreMax) !== truth(p, c, r, theta, scoreMax)) failures.push([c, r]);
    expect(failures).toEqual([]);
  });

  test('ends are never 0', () => {
    for (let c = 0; c < p; c++) {
      const { a, b } = intervalEnds(p, c, 1, scoreMax);
      if (a < 1 || b < 1 || a > p || b > p) throw new Error(`c = ${c}`);
    }
  });
});
