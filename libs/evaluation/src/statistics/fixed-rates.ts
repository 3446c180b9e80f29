import { type ErrorCurve, pointAt } from './error-rates.ts';
import { type Interval, binomialInterval, ruleOfThree } from './intervals.ts';

/** FNMR at a target FMR, or the reason why this many comparisons cannot say. */
export type FixedRate =
  | { readonly target: number; readonly supported: false; /** Least rate that the comparisons can speak of, 3/n. */ readonly limit: number }
  | {
      readonly target: number;
      readonly supported: true;
      /** Lowest threshold with a measured FMR of at most the target; null where only rejecting everything keeps it. */
      readonly threshold: number | null;
      readonly fmr: number;
      readonly fnmr: number;
      readonly fnmrInterval: Interval;
    };

export const FMR_TARGETS: readonly number[] = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6];

/**
 * FNMR at fixed FMR (ISO/IEC 19795-1). A target below 3/n with n impostor comparisons is never answered: no measurement of this
 * size can tell it from 0.
 */
export function fixedRates(curve: ErrorCurve, targets: readonly number[] = FMR_TARGETS): FixedRate[] {
  const limit = ruleOfThree(curve.impostorCount);
  return targets.map((target) => {
    if (target < limit) return { target, supported: false, limit };
    const index = curve.falseMatches.findIndex((count) => count <= target * curve.impostorCount);
    const { threshold, fmr, fnmr, falseNonMatches } = pointAt(curve, index);
    return { target, supported: true, threshold: Number.isFinite(threshold) ? threshold : null, fmr, fnmr, fnmrInterval: binomialInterval(falseNonMatches, curve.genuineCount) };
  });
}
