import { ROI_SIZE } from '../compcode/format.ts';
import { type GreyImage } from '../image/grey-image.ts';
import { type Point } from './contour.ts';

/** A square on the palm: its centre, and half of its side along both of its axes, in pixels of the capture. */
export interface PalmFrame {
  readonly centre: Point;
  /** To the middle of the right side, seen with fingers up. */
  readonly across: Point;
  /** To the middle of the side towards the wrist. */
  readonly down: Point;
}

/**
 * The square as a 128×128 region of interest: each pixel is the mean of bilinear samples, as many as it covers pixels of the capture (at most 8×8).
 * What lies outside of the view is black.
 */
export function cutRegion(image: GreyImage, { centre, across, down }: PalmFrame): GreyImage {
  const scale = Math.sqrt(across.x * across.x + across.y * across.y) / (ROI_SIZE / 2);
  const samples = Math.min(8, Math.max(1, Math.ceil(scale)));
  const pixels = new Uint8Array(ROI_SIZE * ROI_SIZE);
  for (let y = 0; y < ROI_SIZE; y++) {
    for (let x = 0; x < ROI_SIZE; x++) {
      let sum = 0;
      for (let j = 0; j < samples; j++) {
        const v = (2 * (y + (j + 0.5) / samples)) / ROI_SIZE - 1;
        for (let i = 0; i < samples; i++) {
          const u = (2 * (x + (i + 0.5) / samples)) / ROI_SIZE - 1;
          sum += bilinear(image, centre.x + u * across.x + v * down.x, centre.y + u * across.y + v * down.y);
        }
      }
      pixels[y * ROI_SIZE + x] = Math.floor(sum / (samples * samples) + 0.5);
    }
  }
  return { width: ROI_SIZE, height: ROI_SIZE, pixels };
}

/** Pixel (i, j) has its centre at (i + ½, j + ½). */
function bilinear({ width, height, pixels }: GreyImage, x: number, y: number): number {
  const [left, top] = [Math.floor(x - 0.5), Math.floor(y - 0.5)];
  const [dx, dy] = [x - 0.5 - left, y - 0.5 - top];
  const at = (i: number, j: number): number => (i < 0 || j < 0 || i >= width || j >= height ? 0 : pixels[j * width + i]!);
  return (1 - dy) * ((1 - dx) * at(left, top) + dx * at(left + 1, top)) + dy * ((1 - dx) * at(left, top + 1) + dx * at(left + 1, top + 1));
}
