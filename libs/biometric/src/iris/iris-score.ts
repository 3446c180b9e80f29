import { BoopError } from '@boop/shared';
import { CODE_BITS, COLUMNS, PARTS, ROTATION_MAX, ROWS, SCALES } from './format.ts';
import { type IrisTemplate } from './iris-template.ts';
import { popcount } from '../popcount.ts';

/** How two irises compare at one rotation. */
export interface IrisComparison {
  /** 2⟨c, c′⟩ − ⟨m, m′⟩, in [−32000, 19200]. */
  readonly score: number;
  /** Fractional Hamming distance over the bits that are valid in both; 1 where there are none. */
  readonly hammingDistance: number;
  readonly rotation: number;
}

/**
 * The best of 31 rotations of `a` against `b`, by S = 2⟨c, c′⟩ − K with K = ⟨m, m′⟩ pairs: the oracle of what nodes compute over shares.
 * With HD = (2K − ⟨c, c′⟩) / 4K, S ≥ 0 says HD ≤ 3/8, and θ > 0 asks for more where less is visible.
 * @throws BoopError `template.unknown-encoder` if the encoders differ
 */
export function compareIrises(a: IrisTemplate, b: IrisTemplate): IrisComparison {
  if (a.encoder !== b.encoder) throw new BoopError('template.unknown-encoder', 'templates of two encoder versions do not compare');
  return comparePackedIrises(packIris(a), packIris(b));
}

/** {@link compareIrises} for templates that are compared more than once: about 0.03 ms. */
export function comparePackedIrises({ bits: probe }: PackedIris, { bits: reference }: PackedIris): IrisComparison {
  let best: IrisComparison = { score: -Infinity, hammingDistance: 1, rotation: 0 };
  for (let rotation = -ROTATION_MAX; rotation <= ROTATION_MAX; rotation++) {
    const { pairs, different } = compareAt(probe, reference, rotation);
    const score = 2 * (2 * pairs - 2 * different) - pairs;
    if (score > best.score) best = { score, hammingDistance: pairs === 0 ? 1 : different / (2 * pairs), rotation };
  }
  return best;
}

/** Per line (row, scale) its columns three times over as bits, so that a rotation is a reading position: both parts, then the mask. */
export interface PackedIris {
  readonly bits: Int32Array;
}

const PLANES = PARTS + 1;
const WORDS = Math.ceil(COLUMNS / 32);
const LINE_BITS = 3 * COLUMNS;
const LINE_WORDS = Math.ceil(LINE_BITS / 32) + 1;

export function packIris({ values }: IrisTemplate): PackedIris {
  const bits = new Int32Array(ROWS * SCALES * PLANES * LINE_WORDS);
  for (let line = 0; line < ROWS * SCALES; line++) {
    const [row, scale] = [Math.floor(line / SCALES), line % SCALES];
    for (let at = 0; at < LINE_BITS; at++) {
      const pair = (row * COLUMNS + (at % COLUMNS)) * SCALES + scale;
      const set = [values[pair * PARTS]! < 0, values[pair * PARTS + 1]! < 0, values[CODE_BITS + pair] === 1];
      for (let plane = 0; plane < PLANES; plane++) if (set[plane]) bits[(line * PLANES + plane) * LINE_WORDS + (at >> 5)]! |= 1 << (at & 31);
    }
  }
  return { bits };
}

function compareAt(a: Int32Array, b: Int32Array, rotation: number): { pairs: number; different: number } {
  const from = COLUMNS + rotation;
  const [word, shift] = [from >> 5, from & 31];
  const read = (start: number, w: number): number => (shift === 0 ? a[start + word + w]! : (a[start + word + w]! >>> shift) | (a[start + word + w + 1]! << (32 - shift)));
  const last = COLUMNS & 31;
  let pairs = 0;
  let different = 0;
  for (let line = 0; line < ROWS * SCALES; line++) {
    const start = line * PLANES * LINE_WORDS;
    for (let w = 0; w < WORDS; w++) {
      const within = w === WORDS - 1 && last !== 0 ? (1 << last) - 1 : -1;
      const both = read(start + PARTS * LINE_WORDS, w) & b[start + PARTS * LINE_WORDS + w]! & within;
      if (both === 0) continue;
      pairs += popcount(both);
      for (let part = 0; part < PARTS; part++) different += popcount((read(start + part * LINE_WORDS, w) ^ b[start + part * LINE_WORDS + w]!) & both);
    }
  }
  return { pairs, different };
}
