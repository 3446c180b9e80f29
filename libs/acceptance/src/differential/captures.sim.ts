import { describe, expect, test } from '@jest/globals';
import { irisSet, palmSet } from './capture-sets.ts';
import { compareCaptures, configurations } from './compare-captures.ts';

// One capture of each palm, and irises at three angles; captures.long.ts takes all.
describe.each([
  ['palms', palmSet('polyu-nir', 1)],
  ['irises', irisSet(15)],
])('%s', (_, set) => {
  test.each(configurations)('($nodes, $threshold), $backEnd: decided over shares as in the clear', (configuration) => {
    const { compared, accepted, wrong } = compareCaptures(set, configuration);
    expect(wrong).toBe(0);
    expect(compared).toBe(set.thetas.length * set.probes.length * set.rows.length);
    expect(accepted).toBeGreaterThan(0);
    expect(accepted).toBeLessThan(compared);
  });
});
