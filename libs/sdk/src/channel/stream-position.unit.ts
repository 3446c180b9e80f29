import { describe, expect, test } from '@jest/globals';
import { seededRng } from '@boop/testing';
import fc from 'fast-check';
import { backoffMs } from './backoff.ts';
import { createStreamPosition } from './stream-position.ts';

describe('the position in a stream', () => {
  test('starts where the first welcome says, and takes each event once', () => {
    const position = createStreamPosition();
    expect(position.current).toBeUndefined();
    expect(position.welcome({ epoch: 'a', offset: 4, recovered: false })).toBe(false);
    expect([5, 6, 5, 6, 7].map((offset) => position.accept({ epoch: 'a', offset }))).toEqual([true, true, false, false, true]);
    expect(position.current).toEqual({ epoch: 'a', offset: 7 });
  });

  test('a recovered stream goes on from our own offset, not from the head', () => {
    const position = createStreamPosition();
    position.welcome({ epoch: 'a', offset: 4, recovered: false });
    expect(position.welcome({ epoch: 'a', offset: 9, recovered: true })).toBe(false);
    expect(position.accept({ epoch: 'a', offset: 5 })).toBe(true);
  });

  test('a stream that is sent again from its start repeats nothing', () => {
    const position = createStreamPosition();
    position.welcome({ epoch: 'a', offset: 0, recovered: false });
    position.accept({ epoch: 'a', offset: 1 });
    expect(position.welcome({ epoch: 'a', offset: 0, recovered: false })).toBe(false);
    expect([1, 2].map((offset) => position.accept({ epoch: 'a', offset }))).toEqual([false, true]);
  });

  test('an unrecovered stream starts at its head and says that events were lost', () => {
    const position = createStreamPosition();
    position.welcome({ epoch: 'a', offset: 4, recovered: false });
    expect(position.welcome({ epoch: 'b', offset: 2, recovered: false })).toBe(true);
    expect([2, 3].map((offset) => position.accept({ epoch: 'b', offset }))).toEqual([false, true]);
  });
});

test('backoff stays in [d/2, d), doubles and is capped', () => {
  fc.assert(
    fc.property(fc.nat(40), fc.nat(), (attempt, seed) => {
      const ceiling = Math.min(1000, 10 * 2 ** attempt);
      const ms = backoffMs(attempt, { initialMs: 10, maxMs: 1000 }, seededRng(seed));
      expect(ms).toBeGreaterThanOrEqual(Math.floor(ceiling / 2));
      expect(ms).toBeLessThan(ceiling);
    }),
  );
});
