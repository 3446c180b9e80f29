import { normalQuantile, normalTail } from '../statistics/special-functions.ts';
import { type WeightedScores, upperQuantile } from './weighted-scores.ts';

/** A model of the upper tail of impostor scores. */
export interface Tail {
  readonly method: TailMethod;
  /** What was fitted, by name. */
  readonly parameters: Readonly<Record<string, number>>;
  /** P(score ≥ threshold), the false match rate. */
  falseMatchRate(threshold: number): number;
  /** Threshold with that false match rate, in (0, 1). */
  threshold(falseMatchRate: number): number;
}

/** `normal`: all scores as one normal distribution; `generalised-pareto`: extreme-value theory on the highest scores only. */
export type TailMethod = 'normal' | 'generalised-pareto';

/** Share of scores that the extreme-value fit looks at, at most, and how many it takes at least. */
export const TAIL_SHARE = 0.05;
export const EXCEEDANCES_MIN = 50;
/** So many exceedances suffice: of a large set the fit looks at the farthest only, since the far tail (palms that look alike) has another shape than the near one. */
export const EXCEEDANCES = 100;
/** Below this shape (in absolute value) the exponential limit is exact to double precision. */
const SHAPE_ZERO = 1e-9;

/** null where the scores do not suffice (no spread, or fewer than {@link EXCEEDANCES_MIN} scores in the tail). */
export const fitTail: Readonly<Record<TailMethod, (scores: WeightedScores) => Tail | null>> = { 'normal': fitNormal, 'generalised-pareto': fitPareto };

function fitNormal({ values, weights, total }: WeightedScores): Tail | null {
  const mean = values.reduce((sum, value, i) => sum + weights[i]! * value, 0) / total;
  const deviation = Math.sqrt(values.reduce((sum, value, i) => sum + weights[i]! * (value - mean) ** 2, 0) / total);
  if (!(deviation > 0)) return null;
  return {
    method: 'normal',
    parameters: { mean, deviation },
    falseMatchRate: (threshold) => normalTail((threshold - mean) / deviation),
    threshold: (rate) => mean + deviation * normalQuantile(rate),
  };
}

/**
 * Peaks over threshold (Pickands 1975): scores above u, the upper 5 % quantile or, of large sets, that of {@link EXCEEDANCES} scores, follow a generalised Pareto distribution. Fitted
 * by probability-weighted moments (Hosking and Wallis 1987, plotting positions (j - 0.35)/n): closed form, stable for the short
 * tails that bounded scores have. P(score ≥ x) = ζ(1 + ξ(x - u)/σ)^(-1/ξ) for x ≥ u.
 */
function fitPareto(scores: WeightedScores): Tail | null {
  const { values, weights, total } = scores;
  const u = upperQuantile(scores, Math.min(TAIL_SHARE, EXCEEDANCES / total));
  let [mass, moment0, moment1] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) if (values[i]! > u) mass += weights[i]!;
  if (mass < EXCEEDANCES_MIN) return null;
  for (let i = 0, before = 0; i < values.length; i++) {
    const weight = weights[i]!;
    if (!(values[i]! > u) || weight === 0) continue;
    const excess = values[i]! - u;
    const position = (before + weight / 2 + 0.15) / mass;
    moment0 += (weight * excess) / mass;
    moment1 += (weight * excess * (1 - position)) / mass;
    before += weight;
  }
  const difference = moment0 - 2 * moment1;
  if (!(difference > 0)) return null;
  const shape = 2 - moment0 / difference;
  const scale = (2 * moment0 * moment1) / difference;
  const share = mass / total;
  const exponential = Math.abs(shape) < SHAPE_ZERO;
  return {
    method: 'generalised-pareto',
    parameters: { u, share, shape, scale },
    falseMatchRate: (threshold) => {
      const excess = (threshold - u) / scale;
      if (excess <= 0) return share;
      return share * (exponential ? Math.exp(-excess) : Math.max(0, 1 + shape * excess) ** (-1 / shape));
    },
    threshold: (rate) => (rate >= share ? u : u + scale * (exponential ? Math.log(share / rate) : ((share / rate) ** shape - 1) / shape)),
  };
}
