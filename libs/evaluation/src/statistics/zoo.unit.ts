import { describe, expect, test } from '@jest/globals';
import { comparisonsOf, normalComparisons } from '../testing/comparisons-of.ts';
import { kruskalWallis, zoo } from './zoo.ts';

describe('Kruskal and Wallis', () => {
  test('three groups in order: H = 7.2, p = e^-3.6', () => {
    const result = kruskalWallis(Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9), Uint32Array.of(0, 0, 0, 1, 1, 1, 2, 2, 2), 4);
    expect(result).toEqual({ h: expect.closeTo(7.2, 10), degrees: 2, p: expect.closeTo(Math.exp(-3.6), 8) });
  });

  test('ties are corrected: ranks 1.5 1.5 | 3.5 3.5 give H = 3', () => {
    // Rank sums 3 and 7: 12/20 (9/2 + 49/2) - 15 = 2.4; correction 1 - 12/60.
    expect(kruskalWallis(Float64Array.of(1, 1, 2, 2), Uint32Array.of(0, 0, 1, 1), 2).h).toBeCloseTo(3, 10);
  });

  test('says nothing of equal scores or of one group', () => {
    expect(kruskalWallis(Float64Array.of(4, 4, 4), Uint32Array.of(0, 1, 2), 3)).toEqual({ h: 0, degrees: 2, p: 1 });
    expect(kruskalWallis(Float64Array.of(4, 5, 6), Uint32Array.of(1, 1, 1), 3)).toEqual({ h: 0, degrees: 0, p: 1 });
  });
});

describe('zoo', () => {
  // Palm by palm: genuine mean; impostor means follow from the sums below.
  const own = [10, 10, 1, 1, 5, 5, 5, 5];
  const warmth = [4, 0, 4, 0, 2, 2, 2, 2];
  const animals = zoo(
    comparisonsOf(
      8,
      own.map((score, i) => [score, i, i] as const),
      own.flatMap((_, a) => own.flatMap((__, b) => (b > a ? [[warmth[a]! + warmth[b]!, a, b] as const] : []))),
    ),
  );

  test('places each palm in its quarter', () => {
    expect(animals.palms.map(({ animal }) => animal)).toEqual(['chameleon', 'dove', 'worm', 'phantom', null, null, null, null]);
    expect(animals.palms[0]).toMatchObject({ palm: 'p0', genuine: 10, impostor: expect.closeTo(4 + 12 / 7, 12) });
  });

  test('counts them with the chance of so many', () => {
    // P(at least one of 8 at 1/16) = 1 - (15/16)^8.
    expect(animals.animals).toEqual(['chameleon', 'phantom', 'dove', 'worm'].map((animal) => ({ animal, count: 1, p: expect.closeTo(1 - (15 / 16) ** 8, 10) })));
  });

  test('finds goats where genuine scores depend on the palm, none in chance', () => {
    const chance = zoo(normalComparisons(20, 6, 4, 3));
    expect(chance.goats.p).toBeGreaterThan(0.01);
    const goat = zoo(comparisonsOf(3, [...Array.from({ length: 10 }, (_, i) => [i, 0, 0] as const), ...Array.from({ length: 10 }, (_, i) => [50 + i, 1, 1] as const)], [[0, 0, 1], [1, 1, 2]]));
    expect(goat.goats.p).toBeLessThan(0.001);
    expect(goat.palms.map(({ palm }) => palm)).toEqual(['p0', 'p1']);
  });
});
