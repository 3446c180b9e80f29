import { type ScoreTable } from '../comparisons.ts';

/** A histogram of scores: distinct scores ascending, each with how often it counts. */
export interface WeightedScores {
  readonly values: Float64Array;
  readonly weights: Float64Array;
  readonly total: number;
}

/** A histogram whose weights follow from the palms: built once, weighed once per bootstrap replicate. */
export interface ScoreHistogram {
  weigh(weightOf?: (reference: number, probe: number) => number): WeightedScores;
}

export function scoreHistogram({ scores, reference, probe }: ScoreTable): ScoreHistogram {
  const values = Float64Array.from(new Set(scores)).sort();
  const index = new Map<number, number>();
  values.forEach((value, i) => index.set(value, i));
  const bins = Uint32Array.from(scores, (score) => index.get(score)!);
  return {
    weigh(weightOf = () => 1) {
      const weights = new Float64Array(values.length);
      let total = 0;
      for (let i = 0; i < bins.length; i++) {
        const weight = weightOf(reference[i]!, probe[i]!);
        weights[bins[i]!]! += weight;
        total += weight;
      }
      return { values, weights, total };
    },
  };
}

/** Highest score with at least `share` of the weight at or above it. */
export function upperQuantile({ values, weights, total }: WeightedScores, share: number): number {
  let above = 0;
  for (let i = values.length - 1; i > 0; i--) {
    above += weights[i]!;
    if (above >= share * total) return values[i]!;
  }
  return values[0]!;
}
