import { bisect, incompleteBeta } from './special-functions.ts';

/** Closed interval; a confidence of 95 % unless said otherwise. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

const CONFIDENCE = 0.95;

/**
 * The rule of 3 (ISO/IEC 19795-1, annex B): with no error in n independent comparisons the rate is below 3/n with 95 %
 * confidence. Nothing smaller is ever claimed from n comparisons. At most 1.
 */
export const ruleOfThree = (comparisons: number): number => (comparisons === 0 ? 1 : Math.min(1, 3 / comparisons));

/**
 * Clopper and Pearson's (1934) exact interval for `events` of `trials` independent ones; where there are none, the upper end is
 * the rule of 3's.
 */
export function binomialInterval(events: number, trials: number, confidence: number = CONFIDENCE): Interval {
  if (trials === 0) return { lower: 0, upper: 1 };
  const tail = (1 - confidence) / 2;
  const lower = events === 0 ? 0 : bisect((p) => tail - incompleteBeta(p, events, trials - events + 1), 0, 1);
  const upper = events === trials ? 1 : bisect((p) => 1 - tail - incompleteBeta(p, events + 1, trials - events), 0, 1);
  return { lower, upper: events === 0 && confidence === CONFIDENCE ? ruleOfThree(trials) : upper };
}

/** P(X ≥ events) of a binomial variable. */
export const binomialTail = (events: number, trials: number, rate: number): number => (events <= 0 ? 1 : incompleteBeta(rate, events, trials - events + 1));

/** The middle 95 % of resampled values. */
export function percentileInterval(values: readonly number[], confidence: number = CONFIDENCE): Interval {
  const sorted = Float64Array.from(values).sort();
  return { lower: quantile(sorted, (1 - confidence) / 2), upper: quantile(sorted, (1 + confidence) / 2) };
}

/** Quantile of a sorted list with linear interpolation (Hyndman and Fan's type 7); NaN of an empty one. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return NaN;
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)]!;
  const high = sorted[Math.ceil(at)]!;
  return low === high ? low : low + (at - Math.floor(at)) * (high - low);
}
