import { expect, test } from '@jest/globals';
import { inclusionProof, type TileReader } from '@boop/log';
import { newEntries, nextBatch } from '../store/log-store.conformance.ts';
import { MemoryLogStore } from '../testing/memory-log-store.ts';
import { InclusionPaths } from './inclusion-paths.ts';

const stored = async (count: number): Promise<MemoryLogStore> => {
  const store = new MemoryLogStore();
  await store.append(await nextBatch(store, newEntries(0, count)));
  return store;
};
const numbers = (path: readonly Uint8Array[]): number[][] => path.map((bytes) => [...bytes]);

test.each([4_096, 1])('paths are those of the library, at every size and in any order, also when little is kept (%d tiles)', async (treesMax) => {
  const store = await stored(1_300);
  const paths = new InclusionPaths(store, treesMax);
  for (const size of [1, 2, 3, 7, 255, 256, 257, 512, 513, 1_024, 1_299, 300, 1_300]) {
    for (const index of new Set([0, 1, Math.floor(size / 3), Math.floor(size / 2), size - 2, size - 1].filter((at) => at >= 0 && at < size))) {
      expect(numbers(await paths.path(index, size))).toEqual(numbers(await inclusionProof(store, index, size)));
    }
  }
});

test('once warm a proof reads its sibling leaf, and of upper tiles what stands in them or is not full', async () => {
  const store = await stored(1_300);
  let reads = 0;
  const counting: TileReader = {
    read: async (tile) => {
      reads++;
      return await store.read(tile);
    },
  };
  const paths = new InclusionPaths(counting);
  await paths.warm(1_300, new AbortController().signal);
  expect(reads).toBe(5);
  await paths.path(700, 1_300);
  reads = 0;
  await paths.path(701, 1_300);
  expect(reads).toBe(3);
});

test('a read that failed is tried again', async () => {
  const store = await stored(600);
  let broken = true;
  const paths = new InclusionPaths({
    read: async (tile) => {
      if (broken) throw new Error('lost');
      return await store.read(tile);
    },
  });
  await expect(paths.path(3, 600)).rejects.toThrow('lost');
  broken = false;
  expect(numbers(await paths.path(3, 600))).toEqual(numbers(await inclusionProof(store, 3, 600)));
});
