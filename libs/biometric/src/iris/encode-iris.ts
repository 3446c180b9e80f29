import { BoopError } from '@boop/shared';
import { type GreyImage } from '../image/grey-image.ts';
import { CODE_BITS, IRIS_TEMPLATE_LENGTH, PAIRS, PARTS } from './format.ts';
import { respond, type Responses } from './gabor.ts';
import { assessIris, type IrisQuality } from './iris-quality.ts';
import { IRIS_ENCODER, type IrisTemplate, validPairs } from './iris-template.ts';
import { unwrap } from './rubber-sheet.ts';
import { segment, type Segmentation } from './segment.ts';

export interface EncodedIris {
  readonly template: IrisTemplate;
  readonly quality: IrisQuality;
  /** For pictures and for tests; biometric data, as the template is. */
  readonly segmentation: Segmentation;
}

const SIDE_MIN = 120;
const SIDE_MAX = 1024;
/** Part of a filter's support that must show iris. */
const SUPPORT_MIN = 0.7;
/** Fragile bits (Hollingsworth et al. 2009): this part of the answers, those nearest to a change of sign, leaves the mask. */
const WEAKEST_PART = 0.15;

/**
 * Iris code (Daugman 1993, 2004): segmentation, rubber sheet, signs of two scales of quadrature Gabor filters along the angle,
 * with a mask that leaves out lids, lashes, glare and fragile bits. Only + − × ÷ and square roots on doubles in a fixed order:
 * the same bytes on every runtime. About 20 ms on one core.
 *
 * A poor capture is no error: it comes back with its quality, and its template may have too few valid pairs for
 * `createIrisTemplate` to take.
 * @param capture near-infrared close-up of one eye, 120 to 1024 pixels on each side, else BoopError `capture.wrong-size`
 */
export function encodeIris(capture: GreyImage): EncodedIris {
  const { width, height, pixels } = capture;
  const fits = [width, height].every((side) => Number.isInteger(side) && side >= SIDE_MIN && side <= SIDE_MAX) && pixels.length === width * height;
  if (!fits) throw new BoopError('capture.wrong-size', 'an eye takes 120 to 1024 pixels on each side');
  const segmentation = segment(capture);
  const sheet = unwrap(segmentation);
  const template: IrisTemplate = { encoder: IRIS_ENCODER, values: quantise(respond(sheet)) };
  return { template, quality: assessIris(segmentation, sheet, validPairs(template)), segmentation };
}

/** A bit per part: b = 0 where the answer isn't negative. */
function quantise({ real, imaginary, support }: Responses): Int8Array {
  const strength = Float64Array.from(real, (value, pair) => Math.min(Math.abs(value), Math.abs(imaginary[pair]!)));
  const visible = strength.filter((_, pair) => support[pair]! >= SUPPORT_MIN).sort();
  const weakest = visible[Math.floor(visible.length * WEAKEST_PART)] ?? 0;
  const values = new Int8Array(IRIS_TEMPLATE_LENGTH);
  for (let pair = 0; pair < PAIRS; pair++) {
    if (support[pair]! < SUPPORT_MIN || strength[pair]! <= weakest) continue;
    values[CODE_BITS + pair] = 1;
    values[pair * PARTS] = real[pair]! < 0 ? -1 : 1;
    values[pair * PARTS + 1] = imaginary[pair]! < 0 ? -1 : 1;
  }
  return values;
}
