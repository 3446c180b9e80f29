import { describe, expect, test } from '@jest/globals';
import { inclusionProof, leafHash, type Tile, tilePath, verifyInclusionProof } from '@boop/log';
import { newEntries, nextBatch } from '../store/log-store.conformance.ts';
import { MemoryLogStore } from '../testing/memory-log-store.ts';
import { TileCache } from './tile-cache.ts';

class CountingStore extends MemoryLogStore {
  readonly reads: string[] = [];

  override async read(tile: Tile): Promise<Uint8Array> {
    this.reads.push(tilePath(tile));
    return await super.read(tile);
  }
}

async function grow(store: MemoryLogStore, to: number): Promise<void> {
  const { size } = await store.head();
  await store.append(await nextBatch(store, newEntries(size, to - size)));
}

describe('the tile cache', () => {
  test('reads a tile once, narrower ones from it, and a wider one anew', async () => {
    const store = new CountingStore();
    await grow(store, 300);
    store.reads.length = 0;
    const cache = new TileCache(store);
    const wide = await cache.read({ level: 0, index: 1, width: 40 });
    expect(await cache.read({ level: 0, index: 1, width: 7 })).toEqual(wide.slice(0, 7 * 32));
    await grow(store, 320);
    store.reads.length = 0;
    expect((await cache.read({ level: 0, index: 1, width: 64 })).slice(0, 40 * 32)).toEqual(wide);
    await Promise.all([1, 2, 3].map(() => cache.read({ level: 0, index: 0, width: 256 })));
    expect(store.reads).toEqual(['tile/0/001.p/64', 'tile/0/000']);
    await expect(cache.read({ level: 0, index: 1, width: 65 })).rejects.toMatchObject({ code: 'log.tile-missing' });
    expect(cache.bytes).toBe(8_192 + 64 * 32);
  });

  test('keeps within its bound what was used last', async () => {
    const store = new CountingStore();
    await grow(store, 4 * 256);
    store.reads.length = 0;
    const cache = new TileCache(store, 3 * 8_192);
    for (const index of [0, 1, 2, 0, 3, 0, 2]) await cache.read({ level: 0, index, width: 256 });
    expect(store.reads).toEqual(['tile/0/000', 'tile/0/001', 'tile/0/002', 'tile/0/003']);
    await cache.read({ level: 0, index: 1, width: 256 });
    expect(store.reads).toHaveLength(5);
    expect(cache.bytes).toBe(3 * 8_192);
  });

  test('keeps no bundles of entries, and no failure', async () => {
    const store = new CountingStore();
    await grow(store, 10);
    const cache = new TileCache(store);
    await cache.read({ level: 'entries', index: 0, width: 10 });
    expect(cache.bytes).toBe(0);
    await expect(cache.read({ level: 0, index: 0, width: 11 })).rejects.toMatchObject({ code: 'log.tile-missing' });
    await grow(store, 11);
    const { root } = await store.head();
    const proof = await inclusionProof(cache, 4, 11);
    verifyInclusionProof({ leafHash: leafHash(newEntries(4, 1)[0]!.bytes), index: 4, size: 11, root, proof });
  });
});
