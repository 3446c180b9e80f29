import { type Comparisons, type ScoreTable } from '../comparisons.ts';
import { resample, seededRandom } from '../random.ts';
import { type ErrorCurve } from './error-rates.ts';
import { type Interval, percentileInterval, ruleOfThree } from './intervals.ts';

export interface EqualErrorRate {
  readonly rate: number;
  readonly threshold: number;
  /** 95 %, by resampling palms; its upper end is never below the rule of 3 of the smaller number of comparisons. */
  readonly interval: Interval;
  readonly replicates: number;
}

/**
 * The crossing of FMR and FNMR. Both are steps: where they do not meet, the threshold with the least difference counts and the
 * rate is the mean of both. Depends on the order of scores only.
 */
export function equalErrorRate({ thresholds, falseMatches, falseNonMatches, genuineCount, impostorCount }: ErrorCurve): { rate: number; threshold: number } {
  const at = crossing(thresholds.length, (i) => falseMatches[i]! / impostorCount, (i) => falseNonMatches[i]! / genuineCount);
  return { rate: at.rate, threshold: thresholds[at.index]! };
}

function crossing(length: number, fmr: (i: number) => number, fnmr: (i: number) => number): { rate: number; index: number } {
  let index = 0;
  while (index < length - 1 && fnmr(index) < fmr(index)) index++;
  const gap = (i: number): number => Math.abs(fmr(i) - fnmr(i));
  if (index > 0 && gap(index - 1) < gap(index)) index--;
  return { rate: (fmr(index) + fnmr(index)) / 2, index };
}

/**
 * EER with its bootstrap interval over palms ("subsets bootstrap", Bolle, Ratha and Pankanti 2004): comparisons of a palm are
 * not independent, palms are. Each replicate draws palms with replacement; a genuine comparison counts as often as its palm, an
 * impostor comparison as often as both. Cost: replicates × comparisons.
 */
export function bootstrapEqualErrorRate(comparisons: Comparisons, curve: ErrorCurve, options: { readonly seed: number; readonly replicates: number }): EqualErrorRate {
  const random = seededRandom(options.seed);
  const [genuine, impostor] = [rank(comparisons.genuine, curve), rank(comparisons.impostor, curve)];
  const rates: number[] = [];
  while (rates.length < options.replicates) {
    const weights = resample(comparisons.palms.length, random);
    const g = histogram(comparisons.genuine, genuine, curve.thresholds.length, (palm) => weights[palm]!);
    const m = histogram(comparisons.impostor, impostor, curve.thresholds.length, (reference, probe) => weights[reference]! * weights[probe]!);
    const rate = weightedRate(g, m);
    // A draw without any genuine or any impostor comparison measures nothing: draw again.
    if (rate !== null) rates.push(rate);
    else if (weights.length < 2) break;
  }
  const { rate, threshold } = equalErrorRate(curve);
  const interval = percentileInterval(rates);
  return { rate, threshold, interval: { lower: Math.min(rate, interval.lower), upper: Math.max(interval.upper, ruleOfThree(Math.min(curve.genuineCount, curve.impostorCount))) }, replicates: rates.length };
}

function weightedRate(genuine: Float64Array, impostor: Float64Array): number | null {
  const [g, m] = [total(genuine), total(impostor)];
  if (g === 0 || m === 0) return null;
  let [rejected, accepted] = [0, m];
  const fnmr = new Float64Array(genuine.length);
  const fmr = new Float64Array(genuine.length);
  for (let i = 0; i < genuine.length; i++) {
    fnmr[i] = rejected / g;
    fmr[i] = accepted / m;
    rejected += genuine[i]!;
    accepted -= impostor[i]!;
  }
  return crossing(genuine.length, (i) => fmr[i]!, (i) => fnmr[i]!).rate;
}

const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);

/** Index of each score among the curve's thresholds, all of which are scores. */
function rank({ scores }: ScoreTable, { thresholds }: ErrorCurve): Uint32Array {
  const index = new Map<number, number>();
  thresholds.forEach((threshold, i) => index.set(threshold, i));
  return Uint32Array.from(scores, (score) => index.get(score)!);
}

function histogram({ reference, probe }: ScoreTable, ranks: Uint32Array, bins: number, weight: (reference: number, probe: number) => number): Float64Array {
  const counts = new Float64Array(bins);
  for (let i = 0; i < ranks.length; i++) counts[ranks[i]!]! += weight(reference[i]!, probe[i]!);
  return counts;
}
