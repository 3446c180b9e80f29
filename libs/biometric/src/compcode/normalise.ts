import { ROI_SIZE } from './format.ts';

/** Side of the half-resolution image that the filters see. */
export const HALF = ROI_SIZE / 2;
/** Normalised pixels are multiples of 1/64 standard deviation, clipped to ±127 (about two). */
const UNIT = 64;
const CLIP = 127;
const BOX_RADIUS = 8;
// Standard deviation (in sums of 2×2 pixels: 4 × 1.5 grey levels) below which a region counts as flat: it keeps sensor
// noise from being blown up to full contrast.
const FLOOR = 6;
const STRIDE = HALF + 1;

/** Sums of 2×2 pixels, 0..1020: anti-aliased half resolution of a 128×128 region of interest. */
export function halve(pixels: Uint8Array): Int32Array {
  const out = new Int32Array(HALF * HALF);
  for (let y = 0, at = 0; y < HALF; y++) {
    for (let x = 0; x < HALF; x++, at++) {
      const p = 2 * y * ROI_SIZE + 2 * x;
      out[at] = pixels[p]! + pixels[p + 1]! + pixels[p + ROI_SIZE]! + pixels[p + ROI_SIZE + 1]!;
    }
  }
  return out;
}

/**
 * Local normalisation of a half-resolution image: (v - mean) / √(variance + floor²) over a 17×17 box clipped at the
 * edges, as integers in ±127. All sums are integers below 2^53; the one square root is correctly rounded by IEEE 754.
 */
export function normalise(half: Int32Array): Int32Array {
  const sums = new Float64Array(STRIDE * STRIDE);
  const squares = new Float64Array(STRIDE * STRIDE);
  for (let y = 0; y < HALF; y++) {
    for (let x = 0; x < HALF; x++) {
      const value = half[y * HALF + x]!;
      const at = (y + 1) * STRIDE + x + 1;
      sums[at] = value + sums[at - 1]! + sums[at - STRIDE]! - sums[at - STRIDE - 1]!;
      squares[at] = value * value + squares[at - 1]! + squares[at - STRIDE]! - squares[at - STRIDE - 1]!;
    }
  }
  const from = Array.from({ length: HALF }, (_, at) => Math.max(0, at - BOX_RADIUS));
  const to = Array.from({ length: HALF }, (_, at) => Math.min(HALF, at + BOX_RADIUS + 1));
  // Evaluated once: this loop is the hottest that is not integer arithmetic.
  const { floor, sqrt } = Math;
  const out = new Int32Array(HALF * HALF);
  for (let y = 0, at = 0; y < HALF; y++) {
    const top = from[y]! * STRIDE;
    const bottom = to[y]! * STRIDE;
    for (let x = 0; x < HALF; x++, at++) {
      const left = from[x]!;
      const right = to[x]!;
      const count = (to[y]! - from[y]!) * (right - left);
      const sum = sums[bottom + right]! - sums[top + right]! - sums[bottom + left]! + sums[top + left]!;
      const square = squares[bottom + right]! - squares[top + right]! - squares[bottom + left]! + squares[top + left]!;
      const deviation = sqrt(count * square - sum * sum + count * count * FLOOR * FLOOR);
      const value = floor((UNIT * (count * half[at]! - sum)) / deviation + 0.5);
      out[at] = value > CLIP ? CLIP : value < -CLIP ? -CLIP : value;
    }
  }
  return out;
}
