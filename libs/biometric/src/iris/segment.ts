import { type GreyImage } from '../image/grey-image.ts';
import { type Boundary, BOUNDARY_DIRECTIONS, fitBoundary } from './boundary.ts';
import { findLimbus, findPupil } from './circles.ts';
import { type Eyelids, findEyelids } from './eyelids.ts';
import { shrink } from './sampling.ts';

/** Where the iris is, in pixels of `image`, the capture at working resolution. */
export interface Segmentation {
  readonly image: GreyImage;
  /** Pixels of the capture per pixel of `image`. */
  readonly scale: number;
  readonly pupil: Boundary;
  readonly limbus: Boundary;
  readonly eyelids: Eyelids;
  /** Mean step across both borders, grey levels. */
  readonly pupilContrast: number;
  readonly limbusContrast: number;
}

const WORKING_SIDE_MAX = 420;
const LATERAL = 0.75;

/** Pupil, limbus and eyelids of an eye that fills most of the image. Always answers; `assessIris` judges what it found. */
export function segment(capture: GreyImage): Segmentation {
  const scale = Math.max(1, Math.round(Math.max(capture.width, capture.height) / WORKING_SIDE_MAX));
  const image = scale === 1 ? capture : shrink(capture, scale);
  const pupil = findPupil(image);
  const limbus = findLimbus(image, pupil);
  const { sin } = BOUNDARY_DIRECTIONS;
  return {
    image,
    scale,
    pupil: fitBoundary(image, pupil, 5, 3, () => true),
    limbus: fitBoundary(image, limbus, 6, 2, (i) => sin[i]! < LATERAL && sin[i]! > -LATERAL),
    eyelids: findEyelids(image, pupil, limbus),
    pupilContrast: pupil.contrast,
    limbusContrast: limbus.contrast,
  };
}
