import { type Comparisons, type ScoreTable } from '../comparisons.ts';
import { type Random, resample, seededRandom } from '../random.ts';
import { type Interval, percentileInterval, ruleOfThree } from '../statistics/intervals.ts';
import { summarise } from '../statistics/summary.ts';
import { bootstrapTail } from './calibrate.ts';
import { type TailMethod } from './tails.ts';

/** Fewer palms in a half, and the fit says nothing. */
export const HALF_PALMS_MIN = 10;
const EVENTS_MIN = 20;

/** A threshold calibrated on one half of the palms, checked on the other half, of which the fit has seen nothing. */
export interface HoldOut {
  readonly method: TailMethod;
  readonly target: number;
  readonly threshold: number;
  readonly calibrated: { readonly palms: number; readonly comparisons: number };
  readonly checked: { readonly palms: number; readonly comparisons: number; readonly falseMatches: number; readonly fmr: number };
  /**
   * 95 % interval of the rate that the procedure gives on palms that it has not seen: each replicate draws palms of both halves with replacement, fits a
   * threshold on the first and measures on the second. Comparisons that share a palm stay together, so clusters of false matches widen it.
   */
  readonly interval: Interval;
  /** False matches come in clusters, since comparisons share palms: variance over mean of their count in the checked half, at least 1. */
  readonly clustering: number;
  /** The target lies within the interval. */
  readonly holds: boolean;
}

export interface HoldOutOptions {
  readonly target: number;
  readonly seed: number;
  readonly replicates: number;
}

/** null where there are too few palms or scores. The halves are drawn by the seed; impostor comparisons across them are left out. */
export function holdOut(comparisons: Comparisons, method: TailMethod, { target, seed, replicates }: HoldOutOptions): HoldOut | null {
  const size = Math.floor(comparisons.palms.length / 2);
  if (size < HALF_PALMS_MIN) return null;
  const random = seededRandom(seed);
  const first = firstHalf(comparisons.palms.length, size, random);
  const own = restrict(comparisons, (palm) => first[palm] === 1);
  const other = restrict(comparisons, (palm) => first[palm] === 0);
  const fit = bootstrapTail(own, method, { seed, replicates });
  const trials = other.impostor.scores.length;
  if (fit === null || trials === 0) return null;
  const threshold = fit.tail.threshold(target);
  const falseMatches = other.impostor.scores.reduce((count, score) => count + (score >= threshold ? 1 : 0), 0);
  const rates = resampledRates(other, fit.replicates.map((tail) => tail.threshold(target)), random);
  const clusters = clustering(other, threshold, replicates, random);
  const spread = percentileInterval(rates);
  // Where nothing matched, resampling finds nothing either: the rule of 3 then, for as many clusters as the comparisons amount to.
  const interval = { lower: spread.lower, upper: Math.max(spread.upper, Math.min(1, clusters * ruleOfThree(trials))) };
  return {
    method,
    target,
    threshold,
    calibrated: { palms: own.palms.length, comparisons: own.impostor.scores.length },
    checked: { palms: other.palms.length, comparisons: trials, falseMatches, fmr: falseMatches / trials },
    interval,
    clustering: clusters,
    holds: target >= interval.lower && target <= interval.upper,
  };
}

/** False match rate over palms drawn with replacement, once for each threshold; a comparison counts as often as both of its palms were drawn. */
function resampledRates({ palms, impostor }: Comparisons, thresholds: readonly number[], random: Random): number[] {
  const { scores, reference, probe } = impostor;
  return thresholds.map((threshold) => {
    const weights = resample(palms.length, random);
    let [above, total] = [0, 0];
    for (let i = 0; i < scores.length; i++) {
      const weight = weights[reference[i]!]! * weights[probe[i]!]!;
      total += weight;
      if (scores[i]! >= threshold) above += weight;
    }
    return total === 0 ? 0 : above / total;
  });
}

/**
 * Dispersion of the count of false matches over resampled palms, at the threshold or, where fewer than {@link EVENTS_MIN} scores
 * reach it, at the highest that as many reach.
 */
function clustering({ palms, impostor }: Comparisons, threshold: number, replicates: number, random: Random): number {
  const ascending = impostor.scores.toSorted();
  const level = Math.min(threshold, ascending.at(-EVENTS_MIN) ?? threshold);
  const events = Array.from(impostor.scores.keys()).filter((i) => impostor.scores[i]! >= level);
  const counts = Array.from({ length: replicates }, () => {
    const weights = resample(palms.length, random);
    return events.reduce((sum, i) => sum + weights[impostor.reference[i]!]! * weights[impostor.probe[i]!]!, 0);
  });
  return events.length === 0 ? 1 : Math.max(1, summarise(counts).deviation ** 2 / events.length);
}

/** 1 for `size` of `count` palms, drawn without replacement. */
function firstHalf(count: number, size: number, random: () => number): Uint8Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  const chosen = new Uint8Array(count);
  for (const palm of order.subarray(0, size)) chosen[palm] = 1;
  return chosen;
}

/** Comparisons in which every palm satisfies `keep`, with palms numbered anew. */
function restrict(comparisons: Comparisons, keep: (palm: number) => boolean): Comparisons {
  const kept = comparisons.palms.map((_, palm) => palm).filter(keep);
  const index = new Map(kept.map((palm, i) => [palm, i]));
  const part = ({ scores, reference, probe, acrossSessions }: ScoreTable): ScoreTable => {
    const belongs = (_: number, i: number): boolean => index.has(reference[i]!) && index.has(probe[i]!);
    return {
      scores: scores.filter(belongs),
      reference: reference.filter(belongs).map((palm) => index.get(palm)!),
      probe: probe.filter(belongs).map((palm) => index.get(palm)!),
      acrossSessions: acrossSessions.filter(belongs),
    };
  };
  return { palms: kept.map((palm) => comparisons.palms[palm]!), genuine: part(comparisons.genuine), impostor: part(comparisons.impostor) };
}
