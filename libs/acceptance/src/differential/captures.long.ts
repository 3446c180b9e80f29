import { describe, expect, test } from '@jest/globals';
import { irisSet, palmSet } from './capture-sets.ts';
import { compareCaptures, configurations } from './compare-captures.ts';

describe.each([
  ['near infrared palms', palmSet('polyu-nir')],
  ['green palms', palmSet('polyu-green')],
  ['irises', irisSet()],
])('%s', (_, set) => {
  test.each(configurations)(
    '($nodes, $threshold), $backEnd: decided over shares as in the clear',
    (configuration) => {
      const { compared, accepted, wrong } = compareCaptures(set, configuration);
      expect(wrong).toBe(0);
      expect(compared).toBe(set.thetas.length * set.probes.length * set.rows.length);
      expect(Math.min(accepted, compared - accepted)).toBeGreaterThan(compared / 10);
    },
    1_200_000,
  );
});
