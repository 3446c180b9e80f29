/**
 * The code grid of `palm-compcode-1`: 32×32 cells of 4×4 pixels over a 128×128 region of interest, one of six
 * orientations per cell as three bits (Kong 2004), angular distance = Hamming distance.
 */
export const ROI_SIZE = 128;
export const GRID = 32;
export const CELLS = GRID * GRID;
export const ORIENTATIONS = 6;
export const PLANES = 3;
export const CODE_LENGTH = CELLS * PLANES;
export const TEMPLATE_LENGTH = CODE_LENGTH + CELLS;

/** Orientation of a cell that carries no code (mask 0). */
export const INVALID = 6;

/** Bits of orientation j = jπ/6, plane 0 first. Neighbours differ in one bit, and 5 is a neighbour of 0. */
export const CODEWORDS: readonly (readonly [number, number, number])[] = [
  [0, 0, 0],
  [0, 0, 1],
  [0, 1, 1],
  [1, 1, 1],
  [1, 1, 0],
  [1, 0, 0],
];

/** Steps of π/6 between two orientations in 0..5, at most 3. */
export function angularDistance(a: number, b: number): number {
  const steps = a > b ? a - b : b - a;
  return steps > 3 ? ORIENTATIONS - steps : steps;
}
