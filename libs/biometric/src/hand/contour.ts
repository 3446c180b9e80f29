import { squaredDistances } from './distances.ts';
import { type Silhouette } from './silhouette.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export const distance = (a: Point, b: Point): number => Math.sqrt((a.x - b.x) ** 2 + (a.y - b.y) ** 2);

/** The eight neighbours, clockwise on the screen from the right. */
const STEPS: readonly Point[] = [{ x: 1, y: 0 }, { x: 1, y: 1 }, { x: 0, y: 1 }, { x: -1, y: 1 }, { x: -1, y: 0 }, { x: -1, y: -1 }, { x: 0, y: -1 }, { x: 1, y: -1 }];

/** The outer border of the region as a closed chain of its own pixels, clockwise on the screen (Moore neighbourhood tracing, stopped as Jacob says). */
export function contourOf({ width, height, inside }: Silhouette): Point[] {
  const filled = (x: number, y: number): boolean => x >= 0 && y >= 0 && x < width && y < height && inside[y * width + x] === 1;
  const first = inside.indexOf(1);
  const start = { x: first % width, y: Math.floor(first / width) };
  const chain: Point[] = [start];
  // The pixel above the first is outside, so that the search begins there.
  let [at, from]: [Point, number] = [start, 6];
  for (let steps = 0; steps < 4 * inside.length; steps++) {
    const turn = [0, 1, 2, 3, 4, 5, 6, 7].map((k) => (from + k) % 8).find((k) => filled(at.x + STEPS[k]!.x, at.y + STEPS[k]!.y));
    if (turn === undefined) return chain;
    at = { x: at.x + STEPS[turn]!.x, y: at.y + STEPS[turn]!.y };
    // Two steps back from where it came: the last neighbour known to be outside.
    from = (turn + 6 - (turn % 2)) % 8;
    if (at.x === start.x && at.y === start.y) return chain;
    chain.push(at);
  }
  return chain;
}

/** The largest circle inside the region: its centre and radius in pixels. */
export interface Circle {
  readonly centre: Point;
  readonly radius: number;
}

/** What lies beyond the view counts as outside. */
export function largestCircle({ width, height, inside }: Silhouette): Circle {
  const squared = squaredDistances(inside, width, height, true);
  let best = 0;
  for (let at = 1; at < squared.length; at++) if (squared[at]! > squared[best]!) best = at;
  return { centre: { x: best % width, y: Math.floor(best / width) }, radius: Math.sqrt(squared[best]!) };
}
