import { describe, expect, test } from '@jest/globals';
import { toHex } from '@boop/shared';
import fc from 'fast-check';
import { LaneAccount, lanesFor } from './lanes.ts';

const batchId = (n: number): Uint8Array => new Uint8Array(16).fill(n);

describe('lanes', () => {
  test('are allotted at most once, in whole words, and never more than there are', () => {
    const step = fc.oneof(fc.record({ add: fc.integer({ min: 1, max: 8 }) }), fc.record({ allot: fc.integer({ min: 0, max: 12 }) }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const account = new LaneAccount();
        const sizes = new Map<string, number>();
        const given = new Set<string>();
        let total = 0;
        steps.forEach((action, at) => {
          if ('add' in action) {
            account.add(batchId(at), action.add * 32);
            sizes.set(toHex(batchId(at)), action.add * 32);
            total += action.add * 32;
            return;
          }
          const ranges = account.allot(action.allot * 32);
          expect(ranges === undefined).toBe(action.allot * 32 > total - given.size);
          for (const { batchId: id, from, to } of ranges ?? []) {
            expect(to).toBeLessThanOrEqual(sizes.get(toHex(id))!);
            for (let lane = from; lane < to; lane++) {
              const name = `${toHex(id)} ${lane}`;
              expect(given.has(name)).toBe(false);
              given.add(name);
            }
          }
          expect(account.available).toBe(total - given.size);
        });
      }),
    );
  });

  test('cover all comparisons of a run', () => {
    expect([0, 1, 32, 33, 150].map(lanesFor)).toEqual([0, 32, 32, 64, 160]);
  });

  test('of one batch enter once', () => {
    const account = new LaneAccount();
    account.add(batchId(1), 64);
    expect(() => account.add(batchId(1), 64)).toThrow(expect.objectContaining({ code: 'pool.repeated-batch' }));
    expect(() => account.allot(33)).toThrow(expect.objectContaining({ code: 'pool.odd-request' }));
  });
});
