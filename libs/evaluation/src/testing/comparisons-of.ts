import { type Comparisons, type ScoreTable } from '../comparisons.ts';
import { normalQuantile } from '../statistics/special-functions.ts';
import { type Random, seededRandom } from '../random.ts';

type Row = readonly [score: number, reference: number, probe: number, acrossSessions?: boolean];

/** Comparisons written out by hand. */
export function comparisonsOf(palms: number, genuine: readonly Row[], impostor: readonly Row[]): Comparisons {
  return { palms: Array.from({ length: palms }, (_, i) => `p${i}`), genuine: table(genuine), impostor: table(impostor) };
}

const table = (rows: readonly Row[]): ScoreTable => ({
  scores: Float64Array.from(rows, ([score]) => score),
  reference: Uint32Array.from(rows, ([, reference]) => reference),
  probe: Uint32Array.from(rows, ([, , probe]) => probe),
  acrossSessions: Uint8Array.from(rows, ([, , , across]) => (across === true ? 1 : 0)),
});

/** Independent normal scores: genuine N(separation, 1), impostor N(0, 1), for every pair of `palms`, `each` times. */
export function normalComparisons(palms: number, each: number, separation: number, seed: number): Comparisons {
  const random = seededRandom(seed);
  const genuine: Row[] = [];
  const impostor: Row[] = [];
  for (let a = 0; a < palms; a++) {
    for (let i = 0; i < each; i++) genuine.push([separation + normal(random), a, a]);
    for (let b = a + 1; b < palms; b++) for (let i = 0; i < each; i++) impostor.push([normal(random), a, b]);
  }
  return comparisonsOf(palms, genuine, impostor);
}

/** Box and Muller's transform; the first number is never 0. */
export const normal = (random: Random): number => Math.sqrt(-2 * Math.log((Math.floor(random() * 2 ** 32) + 0.5) / 2 ** 32)) * Math.cos(2 * Math.PI * random());

/** n scores at the quantiles (i + ½)/n of a normal distribution: a sample without chance. */
export const normalGrid = (count: number, mean: number, deviation = 1): Float64Array => Float64Array.from({ length: count }, (_, i) => mean - deviation * normalQuantile((i + 0.5) / count));
