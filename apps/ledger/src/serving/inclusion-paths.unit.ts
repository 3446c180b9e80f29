import { expect, test } from '@jest/globals';
import { inclusionProof } from '@boop/log';
import { newEntries, nextBatch } from '../store/log-store.conformance.ts';
import { MemoryLogStore } from '../testing/memory-log-store.ts';
import { InclusionPaths } from './inclusion-paths.ts';

test.each([131_072, 3])('paths are those of the library, at every size and in any order, also when little is kept (%d hashes)', async (hashesMax) => {
  const store = new MemoryLogStore();
  await store.append(await nextBatch(store, newEntries(0, 700)));
  const paths = new InclusionPaths(store, hashesMax);
  for (const size of [1, 2, 3, 7, 255, 256, 257, 512, 513, 699, 700, 300]) {
    for (const index of new Set([0, 1, Math.floor(size / 3), Math.floor(size / 2), size - 2, size - 1].filter((at) => at >= 0 && at < size))) {
      expect((await paths.path(index, size)).map((bytes) => [...bytes])).toEqual((await inclusionProof(store, index, size)).map((bytes) => [...bytes]));
    }
  }
});
