/** Luminance image, row-major, one byte per pixel, 0 black to 255 white. `pixels.length = width · height`. */
export interface GreyImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** ITU-R BT.601 luma in integer arithmetic, so that every runtime rounds alike; r, g, b in 0..255. */
export const luma = (r: number, g: number, b: number): number => (r * 299 + g * 587 + b * 114 + 500) / 1000 | 0;
