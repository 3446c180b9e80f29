import { type GridGeometry } from './geometry.ts';

const range = (end: number): number[] => Array.from({ length: 2 * end + 1 }, (_, i) => i - end);

/** CompCode of a palm: 32 × 32 pixels of 3 bits, pixel by pixel, then 1,024 mask coordinates; 25 shifts, dy slow. p = 8191. */
export const palmGeometry: GridGeometry = Object.freeze({
  kind: 'grid',
  rows: 32,
  columns: 32,
  edge: 'zero',
  segments: [
    { offset: 0, planes: 3, planeStride: 1, rowStride: 96, columnStride: 3 },
    { offset: 3072, planes: 1, planeStride: 1024, rowStride: 32, columnStride: 1 },
  ],
  shifts: range(2).flatMap((dy) => range(2).map((dx) => ({ dy, dx }))),
});

/**
 * Iris code: 16 rows × 200 columns × 4 bits, plane after plane, then 2 planes of masks, each for a pair of bits; 31 shifts
 * around the eye. p = 65521.
 */
export const irisGeometry: GridGeometry = Object.freeze({
  kind: 'grid',
  rows: 16,
  columns: 200,
  edge: 'cyclic-columns',
  segments: [{ offset: 0, planes: 6, planeStride: 3200, rowStride: 200, columnStride: 1 }],
  shifts: range(15).map((dx) => ({ dy: 0, dx })),
});
