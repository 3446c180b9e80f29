import { type Comparisons } from '../comparisons.ts';
import { resample, seededRandom } from '../random.ts';
import { type Interval, percentileInterval, ruleOfThree } from '../statistics/intervals.ts';
import { type Tail, type TailMethod, fitTail } from './tails.ts';
import { scoreHistogram } from './weighted-scores.ts';

export interface CalibrationOptions {
  readonly targets: readonly number[];
  readonly seed: number;
  readonly replicates: number;
}

export interface CalibrationRow {
  readonly target: number;
  readonly threshold: number;
  /** 95 % of the fits to resampled palms. */
  readonly interval: Interval;
  /** The target is below 3/n: the threshold rests on the model's shape, not on scores that were seen. */
  readonly extrapolated: boolean;
}

export interface Calibration {
  readonly method: TailMethod;
  readonly parameters: Readonly<Record<string, number>>;
  readonly impostorCount: number;
  readonly rows: readonly CalibrationRow[];
}

/** A fit with the fits to resampled palms that say how far to trust it. */
export interface BootstrappedTail {
  readonly tail: Tail;
  readonly replicates: readonly Tail[];
}

/** Thresholds for target false match rates; null where the impostor scores do not suffice for the method. */
export function calibrate(comparisons: Comparisons, method: TailMethod, { targets, seed, replicates }: CalibrationOptions): Calibration | null {
  const fit = bootstrapTail(comparisons, method, { seed, replicates });
  if (fit === null) return null;
  const impostorCount = comparisons.impostor.scores.length;
  return {
    method,
    parameters: fit.tail.parameters,
    impostorCount,
    rows: targets.map((target) => {
      const threshold = fit.tail.threshold(target);
      const spread = percentileInterval(fit.replicates.map((tail) => tail.threshold(target)));
      // The bootstrap of a small set may miss its own estimate.
      return { target, threshold, interval: { lower: Math.min(threshold, spread.lower), upper: Math.max(threshold, spread.upper) }, extrapolated: target < ruleOfThree(impostorCount) };
    }),
  };
}

/** Fits the tail, and again to each of `replicates` draws of palms with replacement (as for the equal error rate). */
export function bootstrapTail({ palms, impostor }: Comparisons, method: TailMethod, options: { readonly seed: number; readonly replicates: number }): BootstrappedTail | null {
  const histogram = scoreHistogram(impostor);
  const tail = fitTail[method](histogram.weigh());
  if (tail === null) return null;
  const random = seededRandom(options.seed);
  const replicates: Tail[] = [];
  for (let drawn = 0; drawn < options.replicates; drawn++) {
    const weights = resample(palms.length, random);
    const again = fitTail[method](histogram.weigh((reference, probe) => weights[reference]! * weights[probe]!));
    if (again !== null) replicates.push(again);
  }
  return replicates.length === 0 ? null : { tail, replicates };
}
