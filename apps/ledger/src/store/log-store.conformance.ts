import { emptyTreeHead, parseEntries, TILE_WIDTH, treeRoot } from '@boop/log';
import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, test } from '@jest/globals';
import { toBase64Url, utf8 } from '@boop/shared';
import { prepareBatch } from '../sequencer/prepare-batch.ts';
import { type Batch, type LogStore, type NewEntry, type PublishedCheckpoint } from './log-store.ts';

const conflict = expect.objectContaining({ code: 'log.conflict' });

export function newEntries(from: number, count: number, label = 'entry'): NewEntry[] {
  return Array.from({ length: count }, (_, at) => {
    const bytes = utf8(`${label} ${from + at}`);
    return { hash: sha256(bytes), bytes };
  });
}

/** The batch that a sequencer would write now. */
export const nextBatch = async (store: LogStore, entries: readonly NewEntry[]): Promise<Batch> => await prepareBatch(store, await store.head(), entries);

const checkpointOf = async (store: LogStore, size?: number): Promise<PublishedCheckpoint> => {
  const head = await store.head();
  return { root: head.root, size: size ?? head.size, note: `note of ${size ?? head.size}`, groupKey: Uint8Array.of(1, 2) };
};

/** What every {@link LogStore} must do. @param open gives an empty store */
export function describeLogStore(name: string, open: () => Promise<LogStore>): void {
  describe(`${name} is a log store that`, () => {
    test('starts with the empty tree and nothing published', async () => {
      const store = await open();
      expect(await store.head()).toEqual(emptyTreeHead());
      expect(await store.published()).toBeUndefined();
      expect(await store.entry(0)).toBeUndefined();
      await expect(store.read({ level: 0, index: 0, width: 1 })).rejects.toMatchObject({ code: 'log.tile-missing' });
      await expect(store.read({ level: 'entries', index: 0, width: 1 })).rejects.toMatchObject({ code: 'log.tile-missing' });
    });

    test('gives back what was appended, as entries, tiles of every width and leaf indexes', async () => {
      const store = await open();
      const entries = newEntries(0, 600);
      for (const [from, to] of [[0, 1], [1, 256], [256, 300], [300, 600]] as const) await store.append(await nextBatch(store, entries.slice(from, to)));
      const { size, root } = await store.head();
      expect(size).toBe(600);
      expect(await treeRoot(store, 600)).toEqual(root);
      for (const width of [1, 87, 88]) {
        const bundle = await store.read({ level: 'entries', index: 2, width });
        expect(parseEntries(bundle, width)).toEqual(entries.slice(512, 512 + width).map(({ bytes }) => bytes));
        expect(await store.read({ level: 0, index: 2, width })).toHaveLength(32 * width);
      }
      expect(await store.read({ level: 1, index: 0, width: 2 })).toHaveLength(64);
      await expect(store.read({ level: 0, index: 2, width: 89 })).rejects.toMatchObject({ code: 'log.tile-missing' });
      await expect(store.read({ level: 'entries', index: 2, width: TILE_WIDTH })).rejects.toMatchObject({ code: 'log.tile-missing' });
      expect(await store.entry(599)).toEqual(entries[599]!.bytes);
      expect(await store.find(entries[300]!.hash)).toEqual({ leafIndex: 300, bytes: entries[300]!.bytes });
      expect(await store.find(newEntries(0, 1, 'never')[0]!.hash)).toBeUndefined();
      const asked = [entries[0]!, entries[599]!, ...newEntries(0, 1, 'never')].map(({ hash }) => hash);
      expect(await store.leafIndexes(asked)).toEqual(new Map([[toBase64Url(asked[0]!), 0], [toBase64Url(asked[1]!), 599]]));
      expect(await store.leafIndexes([])).toEqual(new Map());
    });

    test('lets only one of two batches for the same place through, and keeps nothing of the other', async () => {
      const store = await open();
      await store.append(await nextBatch(store, newEntries(0, 3)));
      const [one, two] = [await nextBatch(store, newEntries(3, 5, 'one')), await nextBatch(store, newEntries(3, 7, 'two'))];
      const outcomes = await Promise.allSettled([store.append(one), store.append(two)]);
      const failures = outcomes.filter((outcome) => outcome.status === 'rejected');
      expect(failures).toEqual([{ status: 'rejected', reason: conflict }]);
      const [winner, loser] = outcomes[0]!.status === 'fulfilled' ? [one, two] : [two, one];
      expect(await store.head()).toEqual(winner.to);
      expect(await treeRoot(store, winner.to.size)).toEqual(winner.to.root);
      expect(await store.leafIndexes(loser.entries.map(({ hash }) => hash))).toEqual(new Map());
    });

    test('refuses a batch on another root of the same size', async () => {
      const store = await open();
      const batch = await nextBatch(store, newEntries(0, 2));
      await expect(store.append({ ...batch, from: { size: 0, root: new Uint8Array(32) } })).rejects.toEqual(conflict);
      expect(await store.head()).toEqual(emptyTreeHead());
    });

    test('publishes checkpoints one after the other and keeps all', async () => {
      const store = await open();
      await store.append(await nextBatch(store, newEntries(0, 2)));
      const first = await checkpointOf(store);
      await expect(store.publish(first, 1)).rejects.toEqual(conflict);
      await store.publish(first, undefined);
      expect(await store.published()).toEqual({ ...first, cosignatures: [] });
      await store.append(await nextBatch(store, newEntries(2, 2)));
      const second = await checkpointOf(store);
      await expect(store.publish(second, undefined)).rejects.toEqual(conflict);
      expect(await store.checkpoint(4)).toBeUndefined();
      const race = await Promise.allSettled([store.publish(second, 2), store.publish({ ...second, note: 'another' }, 2)]);
      expect(race.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect([await store.checkpoint(2), (await store.published())?.size]).toEqual(['note of 2', 4]);
      expect((await store.checkpoints(-1, 10)).map(({ size, root }) => [size, root])).toEqual([[2, first.root], [4, second.root]]);
      expect((await store.checkpoints(2, 10)).map(({ size }) => size)).toEqual([4]);
      expect((await store.checkpoints(-1, 1)).map(({ size }) => size)).toEqual([2]);
    });

    test('keeps the last cosignature of each key with its checkpoint', async () => {
      const store = await open();
      await store.append(await nextBatch(store, newEntries(0, 2)));
      await store.publish(await checkpointOf(store), undefined);
      await store.cosign(2, 'b+key', 'of b');
      await store.cosign(2, 'a+key', 'old of a');
      await store.cosign(2, 'a+key', 'of a');
      expect((await store.published())?.cosignatures).toEqual(['of a', 'of b']);
      await expect(store.cosign(3, 'a+key', 'of nothing')).rejects.toThrow();
      await store.append(await nextBatch(store, newEntries(2, 1)));
      await store.publish(await checkpointOf(store), 2);
      expect((await store.published())?.cosignatures).toEqual([]);
    });

    test('publishes nothing beyond the tree', async () => {
      const store = await open();
      await store.append(await nextBatch(store, newEntries(0, 2)));
      await expect(store.publish(await checkpointOf(store, 3), undefined)).rejects.toEqual(conflict);
      expect(await store.checkpoint(3)).toBeUndefined();
    });
  });
}
