import { BOUNDARY_DIRECTIONS } from './boundary.ts';
import { isBeyond } from './eyelids.ts';
import { COLUMNS, ROWS } from './format.ts';
import { sample } from './sampling.ts';
import { type Segmentation } from './segment.ts';

export const RADIAL = ROWS * 3;
export const ANGULAR = COLUMNS * 2;

/** Dimensionless iris (Daugman 1993): RADIAL × ANGULAR grey levels from the pupil to the limbus, and which of them show iris. */
export interface RubberSheet {
  readonly values: Float64Array;
  readonly valid: Uint8Array;
}

/** The edges of the ring are blurred and jitter with segmentation. */
const INNER = 0.04;
const OUTER = 0.92;
/** From a part of the rubber sheet's height to a part of the way from the pupil's border to the limbus. */
export const ringPart = (height: number): number => INNER + (OUTER - INNER) * height;

const LID_MARGIN = 3;
/** Deviations from the mean of the row beyond which a pixel is a lash (darker) or glare (brighter). */
const LASH = 2.3;
const GLARE = 2.6;

export function unwrap({ image, pupil, limbus, eyelids }: Segmentation): RubberSheet {
  const values = new Float64Array(RADIAL * ANGULAR);
  const valid = new Uint8Array(RADIAL * ANGULAR);
  const { count, cos, sin } = BOUNDARY_DIRECTIONS;
  const perDirection = ANGULAR / count;
  for (let a = 0; a < ANGULAR; a++) {
    const i = Math.floor(a / perDirection);
    const j = (i + 1) % count;
    const f = (a % perDirection) / perDirection;
    const mix = (v: Float64Array): number => v[i]! + (v[j]! - v[i]!) * f;
    const [c, s] = [mix(cos), mix(sin)];
    const [inner, outer] = [mix(pupil.radii), mix(limbus.radii)];
    const [x0, y0] = [pupil.x + inner * c, pupil.y + inner * s];
    const [x1, y1] = [limbus.x + outer * c, limbus.y + outer * s];
    for (let k = 0; k < RADIAL; k++) {
      const rho = ringPart((k + 0.5) / RADIAL);
      const x = x0 + (x1 - x0) * rho;
      const y = y0 + (y1 - y0) * rho;
      const value = sample(image, x, y);
      if (value !== value || isBeyond(eyelids.upper, -1, x, y, LID_MARGIN) || isBeyond(eyelids.lower, 1, x, y, LID_MARGIN)) continue;
      values[k * ANGULAR + a] = value;
      valid[k * ANGULAR + a] = 1;
    }
  }
  dropOutliers(values, valid);
  return { values, valid };
}

/** Lashes and reflections: what is far from the level of its row, and its neighbours. Leaves the mean of the row in all that isn't valid. */
function dropOutliers(values: Float64Array, valid: Uint8Array): void {
  const bad = new Uint8Array(valid.length);
  const means = new Float64Array(RADIAL);
  for (let k = 0; k < RADIAL; k++) {
    const { mean, deviation } = robust(values, valid, k);
    means[k] = mean;
    for (let a = 0; a < ANGULAR; a++) {
      const at = k * ANGULAR + a;
      const off = values[at]! - mean;
      if (valid[at] === 1 && (off < -LASH * deviation || off > GLARE * deviation)) bad[at] = 1;
    }
  }
  for (let k = 0; k < RADIAL; k++) {
    for (let a = 0; a < ANGULAR; a++) {
      if (bad[k * ANGULAR + a] === 0) continue;
      for (let da = -2; da <= 2; da++) valid[k * ANGULAR + ((a + da + ANGULAR) % ANGULAR)] = 0;
    }
  }
  for (let k = 0; k < RADIAL; k++) for (let a = 0; a < ANGULAR; a++) if (valid[k * ANGULAR + a] === 0) values[k * ANGULAR + a] = means[k]!;
}

/** Median, and the deviation that the quartiles suggest: lashes and glare move neither. A floor keeps smooth irises whole. */
function robust(values: Float64Array, valid: Uint8Array, k: number): { mean: number; deviation: number } {
  const seen: number[] = [];
  // A row and its neighbours: one row may hardly be seen.
  for (let row = Math.max(0, k - 4); row <= Math.min(RADIAL - 1, k + 4); row++) {
    for (let a = 0; a < ANGULAR; a += 2) if (valid[row * ANGULAR + a] === 1) seen.push(values[row * ANGULAR + a]!);
  }
  if (seen.length === 0) return { mean: 0, deviation: 1 };
  const sorted = Float64Array.from(seen).sort();
  const at = (part: number): number => sorted[Math.floor(part * (sorted.length - 1))]!;
  return { mean: at(0.5), deviation: Math.max(5, (at(0.75) - at(0.25)) / 1.349) };
}
