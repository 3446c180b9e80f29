import { ROI_SIZE } from '../compcode/format.ts';
import { OUTSIDE, SATURATED } from '../compcode/mask.ts';
import { type GreyImage } from '../image/grey-image.ts';

const RADIUS = 24;
const LEVEL = 128;
const STRIDE = ROI_SIZE + 1;

/**
 * Evens the light over a region of interest: each pixel over the mean of the 49×49 around it (clipped at the edges), so that shadow and falling-off light
 * don't outweigh lines. Saturated pixels stay saturated and background stays background, for what judges them later.
 */
export function levelled({ width, height, pixels }: GreyImage): GreyImage {
  const sums = new Float64Array(STRIDE * STRIDE);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y + 1) * STRIDE + x + 1;
      sums[at] = pixels[y * width + x]! + sums[at - 1]! + sums[at - STRIDE]! - sums[at - STRIDE - 1]!;
    }
  }
  const out = pixels.map((value, at) => {
    if (value >= SATURATED || value <= OUTSIDE) return value;
    const [x, y] = [at % width, Math.floor(at / width)];
    const [left, right] = [Math.max(0, x - RADIUS), Math.min(width, x + RADIUS + 1)];
    const [top, bottom] = [Math.max(0, y - RADIUS) * STRIDE, Math.min(height, y + RADIUS + 1) * STRIDE];
    const count = (right - left) * ((bottom - top) / STRIDE);
    const mean = (sums[bottom + right]! - sums[top + right]! - sums[bottom + left]! + sums[top + left]!) / count;
    return Math.min(SATURATED - 1, Math.max(OUTSIDE + 1, Math.floor((LEVEL * value) / mean + 0.5)));
  });
  return { width, height, pixels: out };
}
