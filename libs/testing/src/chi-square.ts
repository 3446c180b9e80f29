/**
 * Standard score of Pearson's χ² of counts against the uniform distribution (Wilson–Hilferty): about N(0, 1) when they
 * are uniform, so a test may fail above 5 (a chance of 3·10⁻⁷) for seeded data.
 */
export function chiSquareScore(counts: ArrayLike<number>): number {
  const cells = counts.length;
  let total = 0;
  for (let i = 0; i < cells; i++) total += counts[i]!;
  const expected = total / cells;
  let statistic = 0;
  for (let i = 0; i < cells; i++) statistic += (counts[i]! - expected) ** 2 / expected;
  const freedom = cells - 1;
  const spread = 2 / (9 * freedom);
  return (Math.cbrt(statistic / freedom) - (1 - spread)) / Math.sqrt(spread);
}
