import { PAIRS } from './format.ts';
import { ANGULAR, RADIAL, type RubberSheet } from './rubber-sheet.ts';
import { type Boundary, BOUNDARY_DIRECTIONS } from './boundary.ts';
import { type Segmentation } from './segment.ts';

/** What a person at the scanner can act on. `no-iris`: nothing round with a dark middle; `too-far`: too few pixels across the iris. */
export type IrisQualityReason = 'no-iris' | 'too-far' | 'partly-out-of-view' | 'eye-not-open' | 'blurred' | 'low-contrast' | 'pupil-too-wide';

export const irisQualityReasons: readonly IrisQualityReason[] = ['no-iris', 'too-far', 'partly-out-of-view', 'eye-not-open', 'blurred', 'low-contrast', 'pupil-too-wide'];

/** ISO/IEC 29794-6 in spirit: 0 (worst) to 100, the worst of seven grades; below 80 with reasons. */
export interface IrisQuality {
  readonly score: number;
  readonly reasons: readonly IrisQualityReason[];
}

/** 0 at `bad`, 80 at `limit`, 100 at `good`, linear between. Limits lie outside of 95 % of 756 captures of one close-up sensor. */
interface Grade {
  readonly bad: number;
  readonly limit: number;
  readonly good: number;
}

const PUPIL_STEP: Grade = { bad: 5, limit: 14, good: 25 }; // mean step across the pupil's border, grey levels
const RADIUS: Grade = { bad: 30, limit: 70, good: 90 }; // of the iris, pixels of the capture
const IN_VIEW: Grade = { bad: 0.7, limit: 0.9, good: 0.98 }; // part of the ring inside of the image
const USABLE: Grade = { bad: 0.2, limit: 0.42, good: 0.65 }; // part of the code's pairs that is valid
const SHARPNESS: Grade = { bad: 0.3, limit: 0.8, good: 1.4 }; // mean step between samples along the angle over the noise-free floor, grey levels
const LIMBUS_STEP: Grade = { bad: 2, limit: 6, good: 12 };
const DILATION: Grade = { bad: 0.8, limit: 0.64, good: 0.55 }; // radius of the pupil over that of the iris

export function assessIris(segmentation: Segmentation, sheet: RubberSheet, validPairs: number): IrisQuality {
  const { pupil, limbus, scale, pupilContrast, limbusContrast } = segmentation;
  const inView = partInView(segmentation);
  const grades: Record<IrisQualityReason, number> = {
    'no-iris': grade(PUPIL_STEP, pupilContrast),
    'too-far': grade(RADIUS, meanRadius(limbus) * scale),
    'partly-out-of-view': grade(IN_VIEW, inView),
    'eye-not-open': grade(USABLE, validPairs / PAIRS),
    'blurred': grade(SHARPNESS, texture(sheet)),
    'low-contrast': grade(LIMBUS_STEP, limbusContrast),
    'pupil-too-wide': grade(DILATION, meanRadius(pupil) / meanRadius(limbus)),
  };
  const found = grades['no-iris'] >= 80;
  const reasons = irisQualityReasons.filter((reason) => grades[reason] < 80 && (reason === 'no-iris' || found));
  return { score: Math.floor(Math.min(...Object.values(grades))), reasons };
}

function grade({ bad, limit, good }: Grade, value: number): number {
  const low = ((value - bad) / (limit - bad)) * 80;
  const high = 80 + ((value - limit) / (good - limit)) * 20;
  return Math.min(100, Math.max(0, low < 80 ? low : high));
}

export const meanRadius = ({ radii }: Boundary): number => radii.reduce((sum, r) => sum + r, 0) / radii.length;

function partInView({ image, limbus }: Segmentation): number {
  const { count, cos, sin } = BOUNDARY_DIRECTIONS;
  let inside = 0;
  for (let i = 0; i < count; i++) {
    const x = limbus.x + limbus.radii[i]! * cos[i]!;
    const y = limbus.y + limbus.radii[i]! * sin[i]!;
    if (x >= 0 && y >= 0 && x <= image.width - 1 && y <= image.height - 1) inside++;
  }
  return inside / count;
}

/** Mean absolute step between neighbouring valid samples along the angle. */
function texture({ values, valid }: RubberSheet): number {
  let sum = 0;
  let count = 0;
  for (let k = 0; k < RADIAL; k++) {
    for (let a = 0; a + 1 < ANGULAR; a++) {
      const at = k * ANGULAR + a;
      if (valid[at] === 0 || valid[at + 1] === 0) continue;
      const step = values[at + 1]! - values[at]!;
      sum += step < 0 ? -step : step;
      count++;
    }
  }
  return count === 0 ? 0 : sum / count;
}
