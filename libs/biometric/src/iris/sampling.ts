import { exactCos, exactSin } from '../exact-math.ts';
import { type GreyImage } from '../image/grey-image.ts';

const TWO_PI = 6.283185307179586;
const outside = NaN;

/** `count` directions around the circle from three o'clock, clockwise in an image whose y grows downwards. */
export interface Directions {
  readonly count: number;
  readonly cos: Float64Array;
  readonly sin: Float64Array;
}

export function directions(count: number): Directions {
  const angles = Array.from({ length: count }, (_, i) => (TWO_PI * i) / count);
  return { count, cos: Float64Array.from(angles, exactCos), sin: Float64Array.from(angles, exactSin) };
}

/** Bilinear grey level at (x, y); NaN outside of the image. */
export function sample({ width, height, pixels }: GreyImage, x: number, y: number): number {
  if (!(x >= 0 && y >= 0 && x <= width - 1 && y <= height - 1)) return outside;
  // Truncation, without a look at a global: this is called a million times per capture.
  const left = x >= width - 1 ? width - 2 : x | 0;
  const top = y >= height - 1 ? height - 2 : y | 0;
  const fx = x - left;
  const fy = y - top;
  const at = top * width + left;
  const upper = pixels[at]! + (pixels[at + 1]! - pixels[at]!) * fx;
  const lower = pixels[at + width]! + (pixels[at + width + 1]! - pixels[at + width]!) * fx;
  return upper + (lower - upper) * fy;
}

/** Mean over `factor` × `factor` blocks; what is left over at the right and the bottom is dropped. */
export function shrink(image: GreyImage, factor: number): GreyImage {
  const width = Math.floor(image.width / factor);
  const height = Math.floor(image.height / factor);
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let dy = 0; dy < factor; dy++) for (let dx = 0; dx < factor; dx++) sum += image.pixels[(y * factor + dy) * image.width + x * factor + dx]!;
      pixels[y * width + x] = Math.round(sum / (factor * factor));
    }
  }
  return { width, height, pixels };
}
