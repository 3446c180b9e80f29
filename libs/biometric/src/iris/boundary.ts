import { type GreyImage } from '../image/grey-image.ts';
import { type Circle } from './circles.ts';
import { type Directions, directions, sample } from './sampling.ts';

/** A nearly circular closed curve: per direction of {@link BOUNDARY_DIRECTIONS} the radius about (x, y). */
export interface Boundary {
  readonly x: number;
  readonly y: number;
  readonly radii: Float64Array;
}

export const BOUNDARY_DIRECTIONS: Directions = directions(200);

const ROUNDS = 3;

/**
 * Moves a circle onto the edge that it lies near: the steepest brightening within `reach` along each direction, smoothed by a
 * Fourier series of `order` (Daugman 2007), in rounds that leave out directions that disagree with the rest.
 * @param usable directions in which the edge can be seen; the series bridges the others
 */
export function fitBoundary(image: GreyImage, { x, y, r }: Circle, reach: number, order: number, usable: (direction: number) => boolean): Boundary {
  const { count, cos, sin } = BOUNDARY_DIRECTIONS;
  const found = new Float64Array(count);
  const weight = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    found[i] = r;
    if (!usable(i)) continue;
    let best = 0;
    for (let d = -reach; d <= reach; d += 0.5) {
      const at = r + d;
      const step = sample(image, x + (at + 2) * cos[i]!, y + (at + 2) * sin[i]!) - sample(image, x + (at - 2) * cos[i]!, y + (at - 2) * sin[i]!);
      // A slight pull to the circle decides between equal edges.
      const score = step - 0.3 * (d < 0 ? -d : d);
      if (score > best) {
        best = score;
        found[i] = at;
        weight[i] = step > 40 ? 40 : step;
      }
    }
  }
  let radii = new Float64Array(count).fill(r);
  for (let round = 0; round < ROUNDS; round++) {
    const tolerance = reach / (round + 1);
    const trusted = Float64Array.from(weight, (w, i) => (Math.abs(found[i]! - radii[i]!) <= tolerance ? w : 0));
    radii = fitSeries(found, trusted, order, r);
  }
  return { x, y, radii };
}

/** Weighted least squares of a Fourier series, pulled towards the constant r where directions say nothing. Gaussian elimination, 2·order + 1 unknowns. */
function fitSeries(values: Float64Array, weights: Float64Array, order: number, r: number): Float64Array<ArrayBuffer> {
  const { count, cos, sin } = BOUNDARY_DIRECTIONS;
  const size = 2 * order + 1;
  const basis = (i: number, k: number): number => (k === 0 ? 1 : k % 2 === 1 ? cos[(i * ((k + 1) >> 1)) % count]! : sin[(i * (k >> 1)) % count]!);
  const matrix = Array.from({ length: size }, () => new Float64Array(size + 1));
  for (let i = 0; i < count; i++) {
    const weight = weights[i]!;
    if (weight === 0) continue;
    for (let a = 0; a < size; a++) {
      const term = weight * basis(i, a);
      for (let b = 0; b < size; b++) matrix[a]![b]! += term * basis(i, b);
      matrix[a]![size]! += term * (values[i]! - r);
    }
  }
  for (let a = 0; a < size; a++) matrix[a]![a]! += a === 0 ? 1 : 100;
  for (let a = 0; a < size; a++) {
    for (let b = a + 1; b < size; b++) {
      const factor = matrix[b]![a]! / matrix[a]![a]!;
      for (let c = a; c <= size; c++) matrix[b]![c]! -= factor * matrix[a]![c]!;
    }
  }
  const solution = new Float64Array(size);
  for (let a = size - 1; a >= 0; a--) {
    let rest = matrix[a]![size]!;
    for (let c = a + 1; c < size; c++) rest -= matrix[a]![c]! * solution[c]!;
    solution[a] = rest / matrix[a]![a]!;
  }
  return Float64Array.from({ length: count }, (_, i) => {
    let radius = r;
    for (let k = 0; k < size; k++) radius += solution[k]! * basis(i, k);
    return radius;
  });
}
