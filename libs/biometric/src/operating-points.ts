import { BoopError } from '@boop/shared';
import { type Encoder, PALM_ENCODER } from './template.ts';

/** A row of the signed menu: match where S ≥ theta. `falseMatchRate` is per comparison, all 25 shifts included. */
export interface OperatingPoint {
  readonly encoder: Encoder;
  readonly falseMatchRate: number;
  readonly theta: number;
}

/** One false match in a million: the default target of an identification, over the whole gallery. */
export const FALSE_MATCH_RATE_DEFAULT = 1e-6;

/** A template made of the orientations most common among palms reached 20: no operating point comes near. */
const THETA_MIN = 100;

/**
 * The fit behind the menu (README, "Calibration"): scores of single captures against fused templates of other palms,
 * near infrared, as a normal tail. Both values are upper 95 % bounds for 45 independent pairs of palms.
 */
export const CALIBRATION = { impostorMean: -528.5, impostorDeviation: 156.3 } as const;

/** Standard normal quantiles z(1 - f). */
const QUANTILES = [
  [1e-4, 3.719016],
  [1e-5, 4.264891],
  [1e-6, 4.753424],
  [1e-7, 5.199338],
  [1e-8, 5.612001],
  [1e-9, 5.997807],
  [1e-10, 6.361341],
] as const;

/** The menu of `palm-compcode-1`, loosest first. */
export const operatingPoints: readonly OperatingPoint[] = QUANTILES.map(([falseMatchRate, quantile]) => ({
  encoder: PALM_ENCODER,
  falseMatchRate,
  theta: Math.max(THETA_MIN, Math.ceil(CALIBRATION.impostorMean + quantile * CALIBRATION.impostorDeviation)),
}));

/**
 * The loosest row of the menu that keeps `target`. With n comparisons at rate f, 1 - (1 - f)^n ≤ n·f: an identification
 * among `gallerySize` templates asks for a per-comparison rate of target / gallerySize.
 * @param target false match rate of a verification or false positive rate of an identification, in (0, 1)
 * @param gallerySize templates compared with, a positive integer; 1 for a verification
 * @throws BoopError `calibration.out-of-range` where the calibration vouches for nothing
 */
export function thresholdFor(target: number = FALSE_MATCH_RATE_DEFAULT, gallerySize = 1): OperatingPoint {
  if (!(target > 0 && target < 1) || !Number.isSafeInteger(gallerySize) || gallerySize < 1) throw outOfRange();
  // Division rounds: a target that is met exactly on paper must not fall to the next row.
  const rate = (target / gallerySize) * (1 + 1e-9);
  const point = operatingPoints.find(({ falseMatchRate }) => falseMatchRate <= rate);
  if (point === undefined) throw outOfRange();
  return point;
}

const outOfRange = (): BoopError => new BoopError('calibration.out-of-range', 'no operating point is calibrated for this target and gallery size');
