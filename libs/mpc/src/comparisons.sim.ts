import { expect, test } from '@jest/globals';
import { compareRandom, configurations, SLICE_COMPARISONS } from './testing/random-comparisons.ts';

// The first of those in comparisons.long.ts.
test.each(configurations)('($nodes, $threshold), $backEnd: random comparisons are decided as in the clear', (configuration) => {
  const { compared, accepted, wrong } = compareRandom(configuration, SLICE_COMPARISONS);
  expect(wrong).toBe(0);
  expect(compared).toBe(SLICE_COMPARISONS);
  expect(Math.min(accepted, compared - accepted)).toBeGreaterThan(SLICE_COMPARISONS / 5);
}, 120_000);
