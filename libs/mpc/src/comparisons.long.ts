import { expect, test } from '@jest/globals';
import { compareRandom, configurations } from './testing/random-comparisons.ts';

const COMPARISONS = 1_000_000;

test.each(configurations)('($nodes, $threshold), $backEnd: 1,000,000 random comparisons are decided as in the clear', (configuration) => {
  const { compared, accepted, wrong } = compareRandom(configuration, COMPARISONS);
  expect(wrong).toBe(0);
  expect(compared).toBeGreaterThanOrEqual(COMPARISONS);
  expect(Math.min(accepted, compared - accepted)).toBeGreaterThan(COMPARISONS / 5);
}, 1_200_000);
