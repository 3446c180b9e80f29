import { INVALID, ORIENTATIONS, angularDistance } from './format.ts';

/** Steps of π/6 between two orientations, [a · 6 + b]. */
const DISTANCES = Uint8Array.from({ length: ORIENTATIONS * ORIENTATIONS }, (_, i) => angularDistance(Math.floor(i / ORIENTATIONS), i % ORIENTATIONS));

/** Votes for orientations, and the orientation of least total distance to them. */
export interface CircularMedian {
  /** The orientation most voted for among those of least distance (the lowest of equals); INVALID without a vote. */
  readonly orientation: number;
  /** Its total distance to the votes, in steps of π/6. */
  readonly distance: number;
  readonly votes: number;
}

/** @param counts votes for each of the six orientations, at `counts[at]` to `counts[at + 5]` */
export function circularMedian(counts: Uint8Array, at: number): CircularMedian {
  let [orientation, distance, support, votes] = [INVALID, Infinity, 0, 0];
  for (let j = 0; j < ORIENTATIONS; j++) {
    const own = counts[at + j]!;
    votes += own;
    let sum = 0;
    for (let k = 0; k < ORIENTATIONS; k++) sum += counts[at + k]! * DISTANCES[j * ORIENTATIONS + k]!;
    if (sum < distance || (sum === distance && own > support)) [orientation, distance, support] = [j, sum, own];
  }
  return votes === 0 ? { orientation: INVALID, distance: 0, votes } : { orientation, distance, votes };
}
