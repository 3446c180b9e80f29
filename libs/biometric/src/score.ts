import { BoopError } from '@boop/shared';
import { CODE_LENGTH, GRID, PLANES } from './compcode/format.ts';
import { popcount } from './popcount.ts';
import { type Template } from './template.ts';

/** Largest displacement searched, in cells, in x and in y: (2·2 + 1)² = 25 shifts. */
export const SHIFT_MAX = 2;

export interface Shift {
  readonly dx: number;
  readonly dy: number;
}

/** All 25 shifts, dy outer, dx inner, both from -2 to 2: the order in which nodes compare. */
export const shifts: readonly Shift[] = Array.from({ length: (2 * SHIFT_MAX + 1) ** 2 }, (_, i) => ({
  dy: Math.floor(i / (2 * SHIFT_MAX + 1)) - SHIFT_MAX,
  dx: (i % (2 * SHIFT_MAX + 1)) - SHIFT_MAX,
}));

/**
 * S = ⟨c, c'⟩ - ⟨m, m'⟩ in the clear, the largest over all 25 shifts of `a` against `b` with zero fill: the oracle for
 * what nodes compute over shares. In [-4096, 2048]; symmetric. Where n cells overlap validly, S = 2n - 2·Hamming
 * distance, so no overlap at all scores 0. Throws `template.unknown-encoder` if the encoders differ.
 */
export const score = (a: Template, b: Template): number => bestShift(a, b).score;

/** A template as bits, for comparing it many times; it is as secret as the template. */
export interface PackedPalm {
  readonly encoder: Template['encoder'];
  readonly rows: Int32Array;
}

export const packPalm = (template: Template): PackedPalm => ({ encoder: template.encoder, rows: rowsOf(template) });

/** {@link score} of packed templates, about three times faster. */
export const scorePacked = (a: PackedPalm, b: PackedPalm): number => Math.max(...scoresAt(a, b));

/** The shift of `a` that fits `b` best (the first of equals in the order of {@link shifts}), with its score. */
export function bestShift(a: Template, b: Template): Shift & { readonly score: number } {
  const scores = scoresAt(packPalm(a), packPalm(b));
  const best = Math.max(...scores);
  return { ...shifts[scores.indexOf(best)]!, score: best };
}

function scoresAt(a: PackedPalm, b: PackedPalm): number[] {
  if (a.encoder !== b.encoder) throw new BoopError('template.unknown-encoder', 'templates of two encoder versions do not compare');
  return shifts.map((shift) => scoreAt(a.rows, b.rows, shift));
}

/** Per row of cells, from bit 31 down: one word per plane with the code bits, then one with the mask. */
const WORDS = PLANES + 1;
const MASK = PLANES;

function rowsOf({ values }: Template): Int32Array {
  const rows = new Int32Array(GRID * WORDS);
  for (let y = 0, cell = 0; y < GRID; y++) {
    for (let x = 0; x < GRID; x++, cell++) {
      const bit = 1 << (GRID - 1 - x);
      for (let plane = 0; plane < PLANES; plane++) if (values[cell * PLANES + plane]! < 0) rows[y * WORDS + plane]! |= bit;
      if (values[CODE_LENGTH + cell] === 1) rows[y * WORDS + MASK]! |= bit;
    }
  }
  return rows;
}

/** 2 · (cells valid in both) - 2 · (Hamming distance over them): each cell gives 3 agreements or fewer, minus one. */
function scoreAt(a: Int32Array, b: Int32Array, { dx, dy }: Shift): number {
  let sum = 0;
  const bottom = Math.min(GRID, GRID + dy);
  for (let y = Math.max(0, dy); y < bottom; y++) {
    const from = (y - dy) * WORDS;
    const to = y * WORDS;
    const both = shiftRow(a[from + MASK]!, dx) & b[to + MASK]!;
    let different = 0;
    for (let plane = 0; plane < PLANES; plane++) different += popcount((shiftRow(a[from + plane]!, dx) ^ b[to + plane]!) & both);
    sum += popcount(both) - different;
  }
  return 2 * sum;
}

const shiftRow = (row: number, dx: number): number => (dx >= 0 ? row >>> dx : row << -dx);
