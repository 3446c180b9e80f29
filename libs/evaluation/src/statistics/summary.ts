/** Moments and range of scores; the deviation is the sample's (n - 1), 0 for a single score. */
export interface Summary {
  readonly count: number;
  readonly mean: number;
  readonly deviation: number;
  readonly min: number;
  readonly max: number;
}

export function summarise(scores: ArrayLike<number>): Summary {
  let [mean, squares, min, max] = [0, 0, Infinity, -Infinity];
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!;
    // Welford (1962): no cancellation.
    const delta = score - mean;
    mean += delta / (i + 1);
    squares += delta * (score - mean);
    if (score < min) min = score;
    if (score > max) max = score;
  }
  return { count: scores.length, mean, deviation: scores.length > 1 ? Math.sqrt(squares / (scores.length - 1)) : 0, min, max };
}

/** d′ = |μ_genuine - μ_impostor| / √((σ²_genuine + σ²_impostor) / 2) (Daugman 2000); null where neither spreads. */
export function decidability(genuine: Summary, impostor: Summary): number | null {
  const spread = Math.sqrt((genuine.deviation ** 2 + impostor.deviation ** 2) / 2);
  return spread === 0 ? null : Math.abs(genuine.mean - impostor.mean) / spread;
}
