import { exactCos, exactExp } from '../exact-math.ts';
import { ORIENTATIONS } from './format.ts';

/** Half-resolution pixels from a cell's centre to the edge of its filter window; the window is 2R × 2R. */
export const RADIUS = 12;
export const WINDOW = 2 * RADIUS;
/** Taps of one half window: the filters are even, k(x, y) = k(-x, -y), so the other half repeats them. */
export const HALF_TAPS = (WINDOW * WINDOW) / 2;

/** Size of a Gabor filter in half-resolution pixels (one is 2 pixels of the region of interest). */
export interface FilterShape {
  readonly wavelength: number;
  /** Standard deviations of the envelope across and along the line, in wavelengths. */
  readonly across: number;
  readonly along: number;
}

/** Six filters, each the upper half window in row-major order. */
export type FilterBank = readonly Int32Array[];

const SCALE = 4096;
const ROOT3_HALF = Math.sqrt(3) / 2;
const COSINES = [1, ROOT3_HALF, 0.5, 0, -0.5, -ROOT3_HALF];
const SINES = [0, 0.5, ROOT3_HALF, 1, ROOT3_HALF, 0.5];

/**
 * The six even Gabor filters (neurophysiology-based form as in Kong 2004); tap (x, y) sits at (x - R + ½, y - R + ½).
 * Integers at 2^12 times unit norm, sum exactly zero, so a constant image answers exactly zero. Built from exact arithmetic: the
 * same table on every runtime.
 */
export const filterBank = (shape: FilterShape): FilterBank => Array.from({ length: ORIENTATIONS }, (_, j) => halfKernel(shape, COSINES[j]!, SINES[j]!));

function halfKernel({ wavelength, across: ratioAcross, along: ratioAlong }: FilterShape, cosine: number, sine: number): Int32Array {
  const [sigmaAcross, sigmaAlong] = [ratioAcross * wavelength, ratioAlong * wavelength];
  const envelope = new Float64Array(HALF_TAPS);
  const taps = new Float64Array(HALF_TAPS);
  let mass = 0;
  let mean = 0;
  for (let tap = 0; tap < HALF_TAPS; tap++) {
    const x = (tap % WINDOW) - RADIUS + 0.5;
    const y = Math.floor(tap / WINDOW) - RADIUS + 0.5;
    if (x * x + y * y > RADIUS * RADIUS) continue;
    const across = (x * cosine + y * sine) / sigmaAcross;
    const along = (y * cosine - x * sine) / sigmaAlong;
    envelope[tap] = exactExp(-0.5 * (across * across + along * along));
    taps[tap] = envelope[tap]! * exactCos(((2 * Math.PI) / wavelength) * sigmaAcross * across);
    mass += envelope[tap]!;
    mean += taps[tap]!;
  }
  let energy = 0;
  for (let tap = 0; tap < HALF_TAPS; tap++) {
    taps[tap] = taps[tap]! - (envelope[tap]! * mean) / mass;
    energy += 2 * taps[tap]! * taps[tap]!;
  }
  const gain = SCALE / Math.sqrt(energy);
  const kernel = Int32Array.from(taps, (value) => Math.floor(value * gain + 0.5));
  // What rounding left over goes to the tap next to the centre.
  const residue = kernel.reduce((sum, value) => sum + value, 0);
  kernel[HALF_TAPS - RADIUS] = kernel[HALF_TAPS - RADIUS]! - residue;
  return kernel;
}
