import { BoopError } from '@boop/shared';
import { CELLS, CODEWORDS, CODE_LENGTH, INVALID, PLANES, TEMPLATE_LENGTH } from './compcode/format.ts';
import { type Encoder, PALM_ENCODER, isEncoder } from './palm-encoders.ts';

export { type Encoder, PALM_ENCODER, palmEncoders } from './palm-encoders.ts';

/** A template with fewer valid cells is refused: a small mask lets a constant pattern reach high scores. */
export const VALID_CELLS_MIN = 512;

/**
 * Features of one palm as 4,096 small integers: `code[(y·32 + x)·3 + plane]` ∈ {-1, 0, 1} with c = m(1 - 2b), then the
 * mask `m[3072 + y·32 + x]` ∈ {0, 1}. What a node splits, shares and multiplies.
 */
export interface Template {
  readonly encoder: Encoder;
  readonly values: Int8Array;
}

/**
 * The only way from foreign numbers to a Template: all of the form checks.
 * @throws BoopError `template.unknown-encoder`, `template.malformed` (length), `template.impossible-values` (outside the
 * alphabet, code and mask that disagree, a codeword that is none of the six), `template.too-few-valid`
 */
export function createTemplate(encoder: string, values: ArrayLike<number>): Template {
  if (!isEncoder(encoder)) throw new BoopError('template.unknown-encoder', 'the template is of an encoder version that is not known here');
  if (values.length !== TEMPLATE_LENGTH) throw new BoopError('template.malformed', 'a template of this encoder has 4096 values');
  const orientations = new Uint8Array(CELLS);
  for (let cell = 0; cell < CELLS; cell++) orientations[cell] = cellOrientation(values, cell);
  return fromOrientations(orientations, encoder);
}

/** Orientation 0..5 of each cell, or INVALID, from a template whose form has been checked. */
export function toOrientations(template: Template): Uint8Array {
  return Uint8Array.from({ length: CELLS }, (_, cell) => cellOrientation(template.values, cell));
}

/** Template of a map of 1,024 orientations (0..5, INVALID); throws `template.too-few-valid`. */
export function fromOrientations(orientations: Uint8Array, encoder: Encoder = PALM_ENCODER): Template {
  const values = valuesOf(orientations);
  if (validCells({ encoder, values }) < VALID_CELLS_MIN) throw new BoopError('template.too-few-valid', 'too little of the palm is usable');
  return { encoder, values };
}

/** The number of cells that carry a code, 0..1024. */
export function validCells(template: Template): number {
  let count = 0;
  for (let cell = 0; cell < CELLS; cell++) count += template.values[CODE_LENGTH + cell]!;
  return count;
}

export function valuesOf(orientations: Uint8Array): Int8Array {
  const values = new Int8Array(TEMPLATE_LENGTH);
  for (let cell = 0; cell < CELLS; cell++) {
    const orientation = orientations[cell]!;
    if (orientation === INVALID) continue;
    values[CODE_LENGTH + cell] = 1;
    for (let plane = 0; plane < PLANES; plane++) values[cell * PLANES + plane] = 1 - 2 * CODEWORDS[orientation]![plane]!;
  }
  return values;
}

function cellOrientation(values: ArrayLike<number>, cell: number): number {
  const mask = values[CODE_LENGTH + cell];
  const [a, b, c] = [values[cell * PLANES]!, values[cell * PLANES + 1]!, values[cell * PLANES + 2]!];
  if (mask === 0 && a === 0 && b === 0 && c === 0) return INVALID;
  const orientation = mask === 1 ? CODEWORDS.findIndex((bits) => 1 - 2 * bits[0] === a && 1 - 2 * bits[1] === b && 1 - 2 * bits[2] === c) : -1;
  if (orientation < 0) throw new BoopError('template.impossible-values', 'the values are no code of this encoder');
  return orientation;
}
