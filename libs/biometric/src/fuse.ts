import { BoopError } from '@boop/shared';
import { circularMedian } from './compcode/circular-median.ts';
import { CELLS, GRID, INVALID, ORIENTATIONS } from './compcode/format.ts';
import { exactCos, exactSin } from './exact-math.ts';
import { recipeOf } from './palm-encoders.ts';
import { type Shift, bestShift } from './score.ts';
import { type Template, fromOrientations, toOrientations } from './template.ts';

const SAMPLES_MAX = 16;
const CENTRE = (GRID - 1) / 2;

/**
 * One template per palm from its samples, made to be matched by a hand that lies somewhat otherwise next time. All samples are
 * aligned to the medoid (the one that the others fit best) by their best shift of ±2 cells and moved to the mean of their
 * places. Each votes for its orientations as it lies and turned about the centre by a few degrees (`palm-encoders.ts`); a
 * cell takes the circular median of all votes. A cell that gets less than half of the votes that the samples have, or whose votes disagree, leaves the mask: what is left
 * are stable bits, after Hollingsworth, Bowyer and Flynn ("The best bits in an iris code", 2009), stable against turning too.
 * @param samples 1 to 16 templates of one palm; whether they agree at all is for the caller to check with `score`
 * @throws BoopError `template.sample-count`, `template.unknown-encoder`, `template.too-few-valid`
 */
export function fuse(samples: readonly Template[]): Template {
  if (samples.length === 0 || samples.length > SAMPLES_MAX) throw new BoopError('template.sample-count', 'fusion takes 1 to 16 samples');
  const { encoder } = samples[0]!;
  const { turns, distanceMax, centred } = recipeOf(encoder).fusion;
  const places = placesOf(samples);
  const origin = centred ? meanOf(places) : { dx: 0, dy: 0 };
  const counts = new Uint8Array(CELLS * ORIENTATIONS);
  samples.forEach((sample, i) => {
    const orientations = toOrientations(sample);
    const place = { dx: places[i]!.dx - origin.dx, dy: places[i]!.dy - origin.dy };
    for (const { degrees, votes } of turns) vote(counts, orientations, sourceCells(degrees), place, votes);
  });
  const votesMin = (samples.length * turns.reduce((sum, turn) => sum + turn.votes, 0)) / 2;
  const out = new Uint8Array(CELLS).fill(INVALID);
  for (let cell = 0; cell < CELLS; cell++) {
    const { orientation, distance, votes } = circularMedian(counts, cell * ORIENTATIONS);
    if (votes >= votesMin && distance <= distanceMax * votes) out[cell] = orientation;
  }
  return fromOrientations(out, encoder);
}

/** Where each sample lies from the medoid, the sample with the largest sum of scores against the others (the first of equals). */
function placesOf(samples: readonly Template[]): Shift[] {
  const sums = samples.map((a) => samples.reduce((sum, b) => sum + (a === b ? 0 : bestShift(a, b).score), 0));
  const medoid = samples[sums.indexOf(Math.max(...sums))]!;
  return samples.map((sample) => (sample === medoid ? { dx: 0, dy: 0 } : bestShift(sample, medoid)));
}

function meanOf(places: readonly Shift[]): Shift {
  const mean = (values: readonly number[]): number => Math.round(values.reduce((sum, value) => sum + value, 0) / values.length);
  return { dx: mean(places.map(({ dx }) => dx)), dy: mean(places.map(({ dy }) => dy)) };
}

/** `votes` votes per valid cell of the sample, moved by `place` and turned. */
function vote(counts: Uint8Array, orientations: Uint8Array, sources: Int16Array, { dx, dy }: Shift, votes: number): void {
  for (let cell = 0; cell < CELLS; cell++) {
    const source = sources[cell]!;
    if (source < 0) continue;
    const [x, y] = [(source % GRID) - dx, Math.floor(source / GRID) - dy];
    if (x < 0 || y < 0 || x >= GRID || y >= GRID) continue;
    const orientation = orientations[y * GRID + x]!;
    if (orientation !== INVALID) counts[cell * ORIENTATIONS + orientation] = counts[cell * ORIENTATIONS + orientation]! + votes;
  }
}

const tables = new Map<number, Int16Array>();

/**
 * The cell that each cell's orientation comes from in a grid turned by `degrees` about its centre, -1 for none. The few degrees
 * of a turn are left out of the orientation itself, whose step is 30.
 */
function sourceCells(degrees: number): Int16Array {
  const known = tables.get(degrees);
  if (known !== undefined) return known;
  const angle = (degrees * Math.PI) / 180;
  const [cosine, sine] = [exactCos(angle), exactSin(angle)];
  const sources = Int16Array.from({ length: CELLS }, (_, cell) => {
    const [x, y] = [(cell % GRID) - CENTRE, Math.floor(cell / GRID) - CENTRE];
    const [fromX, fromY] = [Math.floor(cosine * x - sine * y + CENTRE + 0.5), Math.floor(sine * x + cosine * y + CENTRE + 0.5)];
    return fromX < 0 || fromY < 0 || fromX >= GRID || fromY >= GRID ? -1 : fromY * GRID + fromX;
  });
  tables.set(degrees, sources);
  return sources;
}
