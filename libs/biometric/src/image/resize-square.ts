import { BoopError } from '@boop/shared';
import { ROI_SIZE } from '../compcode/format.ts';
import { type GreyImage } from './grey-image.ts';

/** Smaller squares have less detail than the encoder looks for. */
const SIDE_MIN = ROI_SIZE / 2;

/**
 * A square region of interest of another size as 128×128: each pixel is the mean of the area that it covers. Integer arithmetic.
 * @throws BoopError `capture.wrong-size` for anything but a square of 64 pixels or more
 */
export function resizeSquare(image: GreyImage): GreyImage {
  const { width: side, height, pixels } = image;
  if (side !== height || side < SIDE_MIN || pixels.length !== side * side) throw new BoopError('capture.wrong-size', 'the region of interest must be a square of 64 pixels or more');
  if (side === ROI_SIZE) return image;
  const rows = squeeze(pixels, side, side);
  // The second pass works on the transposed result of the first, and transposes it back.
  const both = squeeze(rows, side, ROI_SIZE);
  const scale = side * side;
  return { width: ROI_SIZE, height: ROI_SIZE, pixels: Uint8Array.from(both, (sum) => Math.floor((sum + scale / 2) / scale)) };
}

/** Sums of `lines` lines of `side` values over 128 equal parts, side times the mean, transposed: out[part · lines + line]. */
function squeeze(values: ArrayLike<number>, side: number, lines: number): Float64Array {
  const out = new Float64Array(ROI_SIZE * lines);
  for (let line = 0; line < lines; line++) {
    for (let part = 0; part < ROI_SIZE; part++) {
      // In units of 1/128 of a value, part `part` covers [part · side, (part + 1) · side).
      const [from, to] = [part * side, (part + 1) * side];
      let sum = 0;
      for (let at = Math.floor(from / ROI_SIZE); at * ROI_SIZE < to; at++) {
        const overlap = Math.min(to, (at + 1) * ROI_SIZE) - Math.max(from, at * ROI_SIZE);
        sum += overlap * values[line * side + at]!;
      }
      out[part * lines + line] = sum;
    }
  }
  return out;
}
