import fc from 'fast-check';
import { expect, test } from '@jest/globals';
import { appendEntries, emptyTreeHead } from '@boop/log';
import { utf8 } from '@boop/shared';
import { firstDifference, type SizedTree } from './first-difference.ts';
import { Mirror } from './mirror.ts';
import { MemoryStore } from './testing/memory-store.ts';

async function treeOf(entries: readonly string[]): Promise<SizedTree> {
  const mirror = new Mirror(new MemoryStore());
  const { writes } = await appendEntries(mirror, emptyTreeHead(), entries.map(utf8));
  await mirror.write(writes);
  return { tiles: mirror, size: entries.length };
}

const sizes = fc.oneof(fc.integer({ min: 1, max: 1_100 }), fc.constantFrom(1, 255, 256, 257, 511, 512, 513, 768));

test('the first leaf that differs is found, wherever it is, and none where none does', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, sizes, fc.array(fc.nat({ max: 1_099 }), { maxLength: 3 }), async (a, b, changed) => {
      const entries = (size: number, mark = ''): string[] => Array.from({ length: size }, (_, at) => `${at}${changed.includes(at) ? mark : ''}`);
      const [left, right] = [await treeOf(entries(a)), await treeOf(entries(b, '!'))];
      const expected = [...changed].sort((x, y) => x - y).find((at) => at < Math.min(a, b));
      expect(await firstDifference(left, right)).toBe(expected);
    }),
    { numRuns: 60 },
  );
});

test('in trees with tiles of three levels', async () => {
  const entries = Array.from({ length: 65_600 }, (_, at) => String(at));
  const [left, right] = [await treeOf(entries), await treeOf(entries.with(65_535, 'other'))];
  expect(await firstDifference(left, right)).toBe(65_535);
  expect(await firstDifference(left, left)).toBeUndefined();
}, 120_000);
