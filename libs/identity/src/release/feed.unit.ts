import { describe, expect, test } from '@jest/globals';
import { feedQuorum } from './feed.ts';

/** Most nodes that would still help in a release after q nodes have confirmed a revocation, f of them liars: those without it, and all liars. */
const helpers = (nodes: number, threshold: number, q: number, f: number): number => nodes - q - (threshold - f) + threshold;
const parameters = [[3, 1], [4, 1], [5, 1], [5, 2], [7, 2], [7, 3]] as const;

describe('the quorum of the feed', () => {
  test.each(parameters)('of %i nodes, %i of them liars, leaves no 2t+1 to whoever ignores a revocation', (nodes, threshold) => {
    const q = feedQuorum(nodes, threshold);
    for (let f = 0; f <= threshold; f++) expect(helpers(nodes, threshold, q, f)).toBeLessThan(2 * threshold + 1);
    // Not one fewer would do, and so many can be had with t nodes down.
    expect(helpers(nodes, threshold, q - 1, threshold)).toBeGreaterThanOrEqual(2 * threshold + 1);
    expect(q).toBeLessThanOrEqual(nodes - threshold);
  });
});
