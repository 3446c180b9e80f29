import { BoopError } from '@boop/shared';

/**
 * How two templates of one modality compare: S = α⟨c, c'⟩ − β⟨m, m'⟩ over code coordinates c and mask coordinates m,
 * accepted when S ≥ θ for some shift of the probe. Data, not code: a new modality is a new object.
 */
export interface Statistic {
  /** Names encoding, layout and shifts together, e.g. `palm-compcode-1`. */
  readonly id: string;
  /** Field that holds the range of S: scoreMax − scoreMin < p. */
  readonly p: number;
  /** Code coordinates first, then mask coordinates, each for the same number of consecutive code coordinates. */
  readonly coordinates: number;
  readonly codeCoordinates: number;
  /** Valid mask coordinates that a template needs: few of them let a constant pattern reach high scores. */
  readonly validMin: number;
  readonly alpha: number;
  readonly beta: number;
  readonly scoreMin: number;
  readonly scoreMax: number;
  /** Per shift, for each coordinate of the shifted probe the coordinate that it comes from, or −1 for zero. */
  readonly shifts: readonly Int32Array[];
}

const SIDE = 32;
const PLANES = 3;
const PIXELS = SIDE * SIDE;
const REACH = 2;

function palmShift(dy: number, dx: number): Int32Array {
  const source = new Int32Array(PIXELS * (PLANES + 1)).fill(-1);
  for (let y = Math.max(0, dy); y < Math.min(SIDE, SIDE + dy); y++) {
    for (let x = Math.max(0, dx); x < Math.min(SIDE, SIDE + dx); x++) {
      const to = y * SIDE + x;
      const from = (y - dy) * SIDE + (x - dx);
      for (let plane = 0; plane < PLANES; plane++) source[to * PLANES + plane] = from * PLANES + plane;
      source[PIXELS * PLANES + to] = PIXELS * PLANES + from;
    }
  }
  return source;
}

/**
 * Palm CompCode (Kong 2004), 32×32 pixels: code[(y·32 + x)·3 + plane] ∈ {−1, 0, 1}, then mask[3072 + y·32 + x] ∈ {0, 1};
 * S = ⟨c, c'⟩ − ⟨m, m'⟩ ∈ [−4096, 2048]; at least 512 pixels valid; 25 shifts of ±2 pixels in y (slow) and x (fast), zero-filled.
 */
export const palmStatistic: Statistic = Object.freeze({
  id: 'palm-compcode-1',
  p: 8191,
  coordinates: PIXELS * (PLANES + 1),
  codeCoordinates: PIXELS * PLANES,
  validMin: PIXELS / 2,
  alpha: 1,
  beta: 1,
  scoreMin: -4096,
  scoreMax: 2048,
  shifts: Object.freeze(Array.from({ length: 25 }, (_, k) => palmShift(Math.floor(k / 5) - REACH, (k % 5) - REACH))),
});

const ROWS = 16;
const COLUMNS = 200;
const SCALES = 2;
const PAIRS = ROWS * COLUMNS * SCALES;
const ROTATION_MAX = 15;

/** Cyclic in the columns: position (row, column, scale) comes from (row, column + rotation, scale). */
function irisShift(rotation: number): Int32Array {
  const source = new Int32Array(PAIRS * 3);
  for (let row = 0; row < ROWS; row++) {
    for (let column = 0; column < COLUMNS; column++) {
      for (let scale = 0; scale < SCALES; scale++) {
        const to = (row * COLUMNS + column) * SCALES + scale;
        const from = (row * COLUMNS + ((column + rotation + COLUMNS) % COLUMNS)) * SCALES + scale;
        for (const part of [0, 1]) source[2 * to + part] = 2 * from + part;
        source[2 * PAIRS + to] = 2 * PAIRS + from;
      }
    }
  }
  return source;
}

/**
 * Iris code (Daugman 2004), 16 rows × 200 columns × 2 scales × 2 parts: code[((row·200 + column)·2 + scale)·2 + part] ∈ {−1, 0, 1}, then one mask coordinate
 * for both parts; S = 2⟨c, c'⟩ − ⟨m, m'⟩ ∈ [−32000, 19200]; 31 cyclic shifts of ±15 columns.
 */
export const irisStatistic: Statistic = Object.freeze({
  id: 'iris-gabor-1',
  p: 65521,
  coordinates: 3 * PAIRS,
  codeCoordinates: 2 * PAIRS,
  validMin: PAIRS / 5,
  alpha: 2,
  beta: 1,
  scoreMin: -5 * PAIRS,
  scoreMax: 3 * PAIRS,
  shifts: Object.freeze(Array.from({ length: 2 * ROTATION_MAX + 1 }, (_, k) => irisShift(k - ROTATION_MAX))),
});

/** Embeddings of 512 integers with ‖x‖² ≤ 4095: S = ⟨x, x'⟩ ∈ [−4095, 4095] (Cauchy–Schwarz); no mask, no shifts. */
export const embeddingStatistic: Statistic = Object.freeze({
  id: 'embedding-512-1',
  p: 8191,
  coordinates: 512,
  codeCoordinates: 512,
  validMin: 0,
  alpha: 1,
  beta: 0,
  scoreMin: -4095,
  scoreMax: 4095,
  shifts: Object.freeze([Int32Array.from({ length: 512 }, (_, i) => i)]),
});

/** S of `a`, shifted, against `b`, in the clear: the oracle of the protocol. Maximum over all shifts. */
export function score(statistic: Statistic, a: Int8Array, b: Int8Array): number {
  checkTemplate(statistic, a);
  checkTemplate(statistic, b);
  return Math.max(...statistic.shifts.map((shift) => scoreAtShift(statistic, a, b, shift)));
}

function scoreAtShift(statistic: Statistic, a: Int8Array, b: Int8Array, shift: Int32Array): number {
  let code = 0;
  let mask = 0;
  for (let i = 0; i < statistic.coordinates; i++) {
    const from = shift[i]!;
    if (from < 0) continue;
    if (i < statistic.codeCoordinates) code += a[from]! * b[i]!;
    else mask += a[from]! * b[i]!;
  }
  return statistic.alpha * code - statistic.beta * mask;
}

/**
 * Length, and for binary codes (those with a mask) code ∈ {−1, 0, 1}, mask ∈ {0, 1}.
 * Throws BoopError `template.malformed`.
 */
export function checkTemplate(statistic: Statistic, values: Int8Array): void {
  const binary = statistic.codeCoordinates < statistic.coordinates;
  const lowest = (i: number): number => (i < statistic.codeCoordinates ? -1 : 0);
  const fits = values.length === statistic.coordinates && (!binary || values.every((value, i) => value >= lowest(i) && value <= 1));
  if (!fits) throw new BoopError('template.malformed', `not a template of ${statistic.id}`);
}
