import { describe, expect, test } from '@jest/globals';
import { twinLaneKernel } from '@boop/kernels';
import { endOffsets } from './interval.ts';

/** Words of r: over 8191 zero has two. */
const words = (p: number): number => (p === 8191 ? 8192 : p);

/** Ends of the interval for every c at once. */
function endsOf(p: number, theta: number, scoreMax: number): (c: number) => { a: number; b: number; wraps: boolean } {
  const arena = twinLaneKernel().createArena();
  const lanes = Math.ceil(p / 128) * 128;
  const [cs, a, b, wraps] = [arena.allocate(2 * lanes), arena.allocate(2 * lanes), arena.allocate(2 * lanes), arena.allocate(lanes / 8)];
  const residues = (at: number): Uint16Array => new Uint16Array(arena.view(at, 2 * lanes).buffer, at, lanes);
  residues(cs).forEach((_, c, all) => (all[c] = c % p));
  const { fromMax, fromTheta } = endOffsets(p, theta, scoreMax);
  arena.ops.intervalEnds(cs, fromMax, fromTheta, a, b, wraps, lanes, p);
  return (c) => ({ a: residues(a)[c]!, b: residues(b)[c]!, wraps: ((arena.view(wraps, lanes / 8)[c >> 3]! >> (c & 7)) & 1) === 1 });
}

function accepts({ a, b, wraps }: { a: number; b: number; wraps: boolean }, r: number): boolean {
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
    const ends = endsOf(p, theta, scoreMax);
    for (const c of [...edges, p - 1, p >> 1]) for (let r = 0, at = ends(c); r < words(p); r++) if (accepts(at, r) !== truth(p, c, r, theta, scoreMax)) failures.push([c, r]);
    for (const r of [0, 1, p - 1, words(p) - 1, p >> 1]) for (let c = 0; c < p; c++) if (accepts(ends(c), r) !== truth(p, c, r, theta, scoreMax)) failures.push([c, r]);
    expect(failures).toEqual([]);
  });

  test('ends are never 0', () => {
    const ends = endsOf(p, 1, scoreMax);
    for (let c = 0; c < p; c++) {
      const { a, b } = ends(c);
      if (a < 1 || b < 1 || a > p || b > p) throw new Error(`c = ${c}`);
    }
  });
});
