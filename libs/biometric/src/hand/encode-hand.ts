import { type Position, encodePalm } from '../encode-palm.ts';
import { type GreyImage } from '../image/grey-image.ts';
import { type Encoder, PALM_ENCODER } from '../palm-encoders.ts';
import { type Quality, type QualityReason } from '../quality.ts';
import { type Template } from '../template.ts';
import { type HandReason, locatePalm } from './locate-palm.ts';

/** Score of a capture at most, where the hand should be placed otherwise: not enough to enrol. */
const MISPLACED = 60;

export interface EncodedHand {
  /** undefined where no palm was found; the reasons say why. */
  readonly template: Template | undefined;
  readonly position: Position | undefined;
  readonly quality: { readonly score: number; readonly reasons: readonly (HandReason | QualityReason)[] };
  /** Quality of the region of interest alone: what a template's header carries. */
  readonly regionQuality: Quality | undefined;
}

/**
 * From an image of a whole hand to a template: `locatePalm`, then `encodePalm`. As there, a poor capture is no error; it comes back with its reasons.
 * @param expected the hand that was asked for
 */
export function encodeHand(image: GreyImage, expected?: Position, encoder: Encoder = PALM_ENCODER): EncodedHand {
  const { roi, position, reasons } = locatePalm(image, expected);
  if (roi === undefined) return { template: undefined, position, quality: { score: 0, reasons }, regionQuality: undefined };
  const { template, quality } = encodePalm(roi, encoder);
  const score = reasons.length > 0 ? Math.min(MISPLACED, quality.score) : quality.score;
  return { template, position, quality: { score, reasons: [...reasons, ...quality.reasons] }, regionQuality: quality };
}
