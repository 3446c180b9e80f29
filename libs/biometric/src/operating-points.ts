import { BoopError } from '@boop/shared';
import { type Encoder, PALM_ENCODER, palmEncoders } from './palm-encoders.ts';

/** A row of the signed menu: match where S ≥ theta. `falseMatchRate` is per comparison, all 25 shifts included. */
export interface OperatingPoint {
  readonly encoder: Encoder;
  readonly falseMatchRate: number;
  readonly theta: number;
}

/** One false match in a million: the default target of an identification, over the whole gallery. */
export const FALSE_MATCH_RATE_DEFAULT = 1e-6;

const RATES = [1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10] as const;

/**
 * θ for each of {@link RATES}. Version 1: upper end of the 95 % interval of a generalised Pareto tail on contactless captures
 * against fused references, over resampled palms (docs/biometric-performance.md, "Calibration"). Version 0: a normal tail on ten palms.
 */
const THETAS: Readonly<Record<Encoder, readonly number[]>> = {
  'palm-compcode-0': [100, 139, 215, 285, 349, 409, 466],
  'palm-compcode-1': [0, 63, 115, 156, 188, 213, 233],
};

/** Menus of all encoder versions, loosest row first: an operating point is of one version only. */
export const calibrationTable: Readonly<Record<Encoder, readonly OperatingPoint[]>> = Object.fromEntries(
  palmEncoders.map((encoder) => [encoder, RATES.map((falseMatchRate, i): OperatingPoint => ({ encoder, falseMatchRate, theta: THETAS[encoder][i]! }))]),
) as unknown as Record<Encoder, readonly OperatingPoint[]>;

/** The menu of the version that new captures are encoded with. */
export const operatingPoints: readonly OperatingPoint[] = calibrationTable[PALM_ENCODER];

/**
 * The loosest row of the menu that keeps `target`. With n comparisons at rate f, 1 - (1 - f)^n ≤ n·f: an identification
 * among `gallerySize` templates asks for a per-comparison rate of target / gallerySize.
 * @param target false match rate of a verification or false positive rate of an identification, in (0, 1)
 * @param gallerySize templates compared with, a positive integer; 1 for a verification
 * @throws BoopError `calibration.out-of-range` where the calibration vouches for nothing
 */
export function thresholdFor(target: number = FALSE_MATCH_RATE_DEFAULT, gallerySize = 1, encoder: Encoder = PALM_ENCODER): OperatingPoint {
  if (!(target > 0 && target < 1) || !Number.isSafeInteger(gallerySize) || gallerySize < 1) throw outOfRange();
  // Division rounds: a target that is met exactly on paper must not fall to the next row.
  const rate = (target / gallerySize) * (1 + 1e-9);
  const point = calibrationTable[encoder].find(({ falseMatchRate }) => falseMatchRate <= rate);
  if (point === undefined) throw outOfRange();
  return point;
}

const outOfRange = (): BoopError => new BoopError('calibration.out-of-range', 'no operating point is calibrated for this target and gallery size');
