import { BoopError } from '@boop/shared';
import { CELLS, INVALID, ORIENTATIONS, ROI_SIZE } from './compcode/format.ts';
import { confidenceMask, spreads } from './compcode/mask.ts';
import { halve, normalise } from './compcode/normalise.ts';
import { respond } from './compcode/respond.ts';
import { type GreyImage } from './image/grey-image.ts';
import { type Encoder, PALM_ENCODER, recipeOf } from './palm-encoders.ts';
import { type Quality, assess } from './quality.ts';
import { type Template, valuesOf } from './template.ts';

/** ISO/IEC 2382-37 "biometric instance": left and right palm of a person are enrolled and matched apart. */
export type Position = 'left-palm' | 'right-palm';

export interface EncodedPalm {
  readonly template: Template;
  readonly quality: Quality;
}

/**
 * Competitive code (Kong and Zhang, ICPR 2004) of a region of interest at half resolution, with a confidence mask. Integer
 * arithmetic throughout, but for one division and one square root per pixel where the image is normalised, both fixed by
 * IEEE 754: the same bytes on every runtime. About 4 ms on one core.
 *
 * A poor capture is no error: it comes back with its quality, and its template may have too few valid cells for
 * `fuse`, `encodeTemplate` or `createTemplate` to take.
 * @param roi exactly 128×128, else BoopError `capture.wrong-size`
 */
export function encodePalm(roi: GreyImage, encoder: Encoder = PALM_ENCODER): EncodedPalm {
  if (roi.width !== ROI_SIZE || roi.height !== ROI_SIZE || roi.pixels.length !== ROI_SIZE * ROI_SIZE) {
    throw new BoopError('capture.wrong-size', 'the region of interest must be 128×128 pixels');
  }
  const recipe = recipeOf(encoder);
  const { bank, normalised } = recipe;
  const half = halve(roi.pixels);
  const levelled = normalise(half);
  const responses = respond(normalised ? levelled : half, bank);
  const mask = confidenceMask(roi.pixels, spreads(responses), recipe);
  const orientations = new Uint8Array(CELLS);
  for (let cell = 0; cell < CELLS; cell++) orientations[cell] = mask[cell] === 1 ? winner(responses, cell) : INVALID;
  return { template: { encoder, values: valuesOf(orientations) }, quality: assess(roi.pixels, half, structure(normalised, responses, levelled)) };
}

/** Quality is graded on the answers of version 0's filters, whose limits were set on real captures, whatever the encoder. */
const structure = (normalised: boolean, responses: Int32Array, levelled: Int32Array): Int32Array =>
  spreads(normalised ? responses : respond(levelled, recipeOf('palm-compcode-0').bank));

/** The orientation along which the palm is darkest (winner takes all; the first of equals). */
function winner(responses: Int32Array, cell: number): number {
  let best = 0;
  for (let j = 1; j < ORIENTATIONS; j++) {
    if (responses[cell * ORIENTATIONS + j]! < responses[cell * ORIENTATIONS + best]!) best = j;
  }
  return best;
}
