import { BoopError } from '@boop/shared';
import { CELLS, GRID, INVALID, ORIENTATIONS, angularDistance } from './compcode/format.ts';
import { type Shift, bestShift } from './score.ts';
import { type Template, fromOrientations, toOrientations } from './template.ts';

/** A cell stays while its samples lie within this many steps of π/6 in all of their median orientation. */
const SPREAD_MAX = 2;
const SAMPLES_MAX = 16;

/**
 * One template per palm from its samples: all are aligned to the medoid (the sample that the others fit best) by their
 * best shift of ±2 cells; each cell takes the circular median of its valid orientations; a cell valid in less than half
 * of the samples (rounded up), or whose samples disagree, leaves the mask.
 * @param samples 1 to 16 templates of one palm; whether they agree at all is for the caller to check with `score`
 * @throws BoopError `template.sample-count`, `template.unknown-encoder`, `template.too-few-valid`
 */
export function fuse(samples: readonly Template[]): Template {
  if (samples.length === 0 || samples.length > SAMPLES_MAX) throw new BoopError('template.sample-count', 'fusion takes 1 to 16 samples');
  const medoid = samples[medoidIndex(samples)]!;
  const aligned = samples.map((sample) => (sample === medoid ? toOrientations(sample) : displace(toOrientations(sample), bestShift(sample, medoid))));
  const validMin = Math.ceil(samples.length / 2);
  const spreadMax = (SPREAD_MAX * samples.length) / 3;
  const out = new Uint8Array(CELLS).fill(INVALID);
  for (let cell = 0; cell < CELLS; cell++) {
    const votes = aligned.map((orientations) => orientations[cell]!).filter((orientation) => orientation !== INVALID);
    if (votes.length < validMin) continue;
    const { orientation, spread } = circularMedian(votes);
    if (spread <= spreadMax) out[cell] = orientation;
  }
  return fromOrientations(out);
}

/** Index of the sample with the largest sum of scores against the others; the first of equals. */
function medoidIndex(samples: readonly Template[]): number {
  const sums = samples.map((a) => samples.reduce((sum, b) => sum + (a === b ? 0 : bestShift(a, b).score), 0));
  return sums.indexOf(Math.max(...sums));
}

/** The orientation of least total distance to the votes (of equals, the one most voted for, then the lowest). */
function circularMedian(votes: readonly number[]): { orientation: number; spread: number } {
  let best = { orientation: 0, spread: Infinity, support: 0 };
  for (let orientation = 0; orientation < ORIENTATIONS; orientation++) {
    const spread = votes.reduce((sum, vote) => sum + angularDistance(vote, orientation), 0);
    const support = votes.filter((vote) => vote === orientation).length;
    if (spread < best.spread || (spread === best.spread && support > best.support)) best = { orientation, spread, support };
  }
  return best;
}

function displace(orientations: Uint8Array, { dx, dy }: Shift): Uint8Array {
  const out = new Uint8Array(CELLS).fill(INVALID);
  for (let y = Math.max(0, dy); y < Math.min(GRID, GRID + dy); y++) {
    for (let x = Math.max(0, dx); x < Math.min(GRID, GRID + dx); x++) out[y * GRID + x] = orientations[(y - dy) * GRID + x - dx]!;
  }
  return out;
}
