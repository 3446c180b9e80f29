import { CELLS, GRID, ORIENTATIONS, ROI_SIZE } from './format.ts';

/** Pixels at or above are saturated: specular glare or overexposure. */
export const SATURATED = 250;
/** Pixels at or below are outside of the palm (or lost to shadow). */
export const OUTSIDE = 8;
const CELL = ROI_SIZE / GRID;
const SATURATED_PIXELS_MAX = 1;
/** Cells around glare and around the palm's edge that the filters see it from. */
const REACH = 2;

/** Largest minus smallest of the six answers, per cell: how clearly an orientation stands out. */
export function spreads(responses: Int32Array): Int32Array {
  const out = new Int32Array(CELLS);
  for (let cell = 0; cell < CELLS; cell++) {
    let least = responses[cell * ORIENTATIONS]!;
    let most = least;
    for (let j = 1; j < ORIENTATIONS; j++) {
      const answer = responses[cell * ORIENTATIONS + j]!;
      if (answer < least) least = answer;
      if (answer > most) most = answer;
    }
    out[cell] = most - least;
  }
  return out;
}

/**
 * 1 where a cell's orientation can be trusted: answers that differ by `spreadMin` and by more than those of the capture's weakest cells (a share of all),
 * no glare and no background within two cells.
 */
export function confidenceMask(pixels: Uint8Array, spread: Int32Array, { spreadMin, weakestShare }: { readonly spreadMin: number; readonly weakestShare: number }): Uint8Array {
  const mask = new Uint8Array(CELLS).fill(1);
  const least = Math.max(spreadMin, spread.toSorted()[Math.floor(weakestShare * CELLS)]!);
  for (let cell = 0; cell < CELLS; cell++) {
    if (spread[cell]! < least) mask[cell] = 0;
    if (isSpoilt(pixels, cell)) clearAround(mask, cell);
  }
  return mask;
}

function isSpoilt(pixels: Uint8Array, cell: number): boolean {
  const corner = Math.floor(cell / GRID) * CELL * ROI_SIZE + (cell % GRID) * CELL;
  let saturated = 0;
  let outside = 0;
  for (let y = 0; y < CELL; y++) {
    for (let x = 0; x < CELL; x++) {
      const value = pixels[corner + y * ROI_SIZE + x]!;
      if (value >= SATURATED) saturated++;
      if (value <= OUTSIDE) outside++;
    }
  }
  return saturated > SATURATED_PIXELS_MAX || outside === CELL * CELL;
}

function clearAround(mask: Uint8Array, cell: number): void {
  const [cx, cy] = [cell % GRID, Math.floor(cell / GRID)];
  for (let y = Math.max(0, cy - REACH); y <= Math.min(GRID - 1, cy + REACH); y++) {
    mask.fill(0, y * GRID + Math.max(0, cx - REACH), y * GRID + Math.min(GRID - 1, cx + REACH) + 1);
  }
}
