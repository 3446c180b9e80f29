import { describe, expect, test } from '@jest/globals';
import { toHex } from '@boop/shared';
import fc from 'fast-check';
import { cutRanges, LaneAccount, lanesFor } from './lanes.ts';

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

describe('ranges cut for blocks', () => {
  const words = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 8 });

  test('are the same lanes in the same order, with an end wherever a block ends', () => {
    fc.assert(
      fc.property(words, words, (batches, blocks) => {
        const total = Math.min(sum(batches), sum(blocks));
        const ranges = clipped(batches, total).map((count, at) => ({ batchId: batchId(at), from: at * 32, to: (at + count) * 32 }));
        const widths = clipped(blocks, total).map((count) => count * 32);
        const cut = cutRanges(ranges, widths);
        const lanes = (list: readonly { batchId: Uint8Array; from: number; to: number }[]) => list.flatMap(({ batchId: id, from, to }) => Array.from({ length: to - from }, (_, i) => `${id[0]} ${from + i}`));
        expect(lanes(cut)).toEqual(lanes(ranges));
        const ends = new Set(cut.map((_, at) => sum(cut.slice(0, at + 1).map(({ from, to }) => to - from))));
        widths.forEach((_, at) => expect(ends).toContain(sum(widths.slice(0, at + 1))));
      }),
    );
  });

  test('too many or too few are refused', () => {
    const ranges = [{ batchId: batchId(1), from: 0, to: 64 }];
    for (const widths of [[32], [64, 32], []]) expect(() => cutRanges(ranges, widths)).toThrow(expect.objectContaining({ code: 'run.wrong-lanes' }));
  });
});

const sum = (list: readonly number[]): number => list.reduce((total, value) => total + value, 0);

/** The first so many of a list of counts. */
function clipped(counts: readonly number[], total: number): number[] {
  const out: number[] = [];
  for (const count of counts) if (sum(out) < total) out.push(Math.min(count, total - sum(out)));
  return out;
}
