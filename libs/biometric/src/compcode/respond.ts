import { CELLS, GRID, ORIENTATIONS } from './format.ts';
import { type FilterBank, HALF_TAPS, RADIUS, WINDOW } from './kernels.ts';
import { HALF } from './normalise.ts';

const PADDED = HALF + 2 * RADIUS;

/**
 * Answers of the six filters at the centre of each cell, `[cell · 6 + orientation]`; dark lines answer negative.
 * @param image 64×64 integers of at most 1,020 in absolute value; edges are continued by their nearest pixel
 * Cost: 1,024 · (288 additions + 6 · 288 multiplications), all in 32-bit integers.
 */
export function respond(image: Int32Array, bank: FilterBank): Int32Array {
  const padded = pad(image);
  const folded = new Int32Array(HALF_TAPS);
  const out = new Int32Array(CELLS * ORIENTATIONS);
  for (let cell = 0; cell < CELLS; cell++) {
    fold(padded, (2 * Math.floor(cell / GRID) + 1) * PADDED + 2 * (cell % GRID) + 1, folded);
    for (let j = 0; j < ORIENTATIONS; j++) {
      const kernel = bank[j]!;
      let sum = 0;
      for (let tap = 0; tap < HALF_TAPS; tap++) sum += folded[tap]! * kernel[tap]!;
      out[cell * ORIENTATIONS + j] = sum;
    }
  }
  return out;
}

/** Adds each pixel of the window at `corner` to its mirror through the centre: the filters are even. */
function fold(padded: Int32Array, corner: number, folded: Int32Array): void {
  const last = corner + (WINDOW - 1) * PADDED + WINDOW - 1;
  for (let y = 0, tap = 0; y < RADIUS; y++) {
    const row = y * PADDED;
    for (let x = 0; x < WINDOW; x++, tap++) folded[tap] = padded[corner + row + x]! + padded[last - row - x]!;
  }
}

/** Continues the image by RADIUS pixels on each side, with the nearest pixel of its edge. */
function pad(image: Int32Array): Int32Array {
  const nearest = Array.from({ length: PADDED }, (_, at) => Math.min(HALF - 1, Math.max(0, at - RADIUS)));
  const out = new Int32Array(PADDED * PADDED);
  for (let y = 0, at = 0; y < PADDED; y++) {
    const row = nearest[y]! * HALF;
    for (let x = 0; x < PADDED; x++, at++) out[at] = image[row + nearest[x]!]!;
  }
  return out;
}
