import { describe, expect, test } from '@jest/globals';
import { treeRoot } from '@boop/log';
import { silentLogger } from '@boop/platform';
import { toBase64Url } from '@boop/shared';
import { newEntries } from '../store/log-store.conformance.ts';
import { type Batch } from '../store/log-store.ts';
import { MemoryLogStore } from '../testing/memory-log-store.ts';
import { EntryPool } from './entry-pool.ts';
import { Sequencer } from './sequencer.ts';

/** Fails at chosen writes: before they happen, or after, so that only the answer is lost. */
class FaultyStore extends MemoryLogStore {
  readonly faults: ('before' | 'after' | 'none')[] = [];

  override async append(batch: Batch): Promise<void> {
    const fault = this.faults.shift() ?? 'none';
    if (fault === 'before') throw new Error('connection lost');
    await super.append(batch);
    if (fault === 'after') throw new Error('connection lost');
  }
}

function setUp(store: MemoryLogStore, options: { batchMax?: number; intervalMs?: number } = {}) {
  const pool = new EntryPool();
  const sizes: number[] = [];
  const onBatch = (_head: unknown, entries: number): void => void sizes.push(entries);
  const sequencer = new Sequencer({ store, pool, log: silentLogger, intervalMs: 1, batchMax: 100, onBatch, ...options });
  const stop = new AbortController();
  const start = (): Promise<void> => sequencer.run(stop.signal);
  return { pool, sequencer, sizes, stop, start };
}

describe('the sequencer', () => {
  test('gives indexes in the order of arrival, in batches no larger than allowed', async () => {
    const store = new MemoryLogStore();
    const { pool, sizes, stop, start } = setUp(store, { batchMax: 100 });
    const running = start();
    const entries = newEntries(0, 250);
    const indexes = await Promise.all(entries.map((entry) => pool.add(entry)));
    expect(indexes).toEqual(entries.map((_, at) => at));
    expect(sizes).toEqual([100, 100, 50]);
    expect(await treeRoot(store, 250)).toEqual((await store.head()).root);
    stop.abort();
    await running;
    expect(pool.isOpen).toBe(false);
  });

  test('waits between small batches, and not while a whole batch waits', async () => {
    const small = setUp(new MemoryLogStore(), { intervalMs: 400 });
    const running = [small.start()];
    const [a, b, c, d, e, f] = newEntries(0, 6);
    const startedAtMs = performance.now();
    await small.pool.add(a!);
    await small.pool.add(b!);
    expect(performance.now() - startedAtMs).toBeGreaterThan(390);
    small.stop.abort();
    // With an hour between batches only full ones are written within this test.
    const full = setUp(new MemoryLogStore(), { intervalMs: 3_600_000, batchMax: 2 });
    running.push(full.start());
    await Promise.all([c, d, e, f].map((entry) => full.pool.add(entry!)));
    expect(full.sizes).toEqual([2, 2]);
    full.stop.abort();
    await Promise.all(running);
  });

  test.each(['before', 'after'] as const)('tells of a write that failed (%s it happened); the same entry again gets one index', async (fault) => {
    const store = new FaultyStore();
    store.faults.push('none', fault);
    const { pool, stop, start } = setUp(store);
    const running = start();
    const [first, second] = newEntries(0, 2);
    expect(await pool.add(first!)).toBe(0);
    await expect(pool.add(second!)).rejects.toMatchObject({ code: 'log.unavailable', retryAllowed: true });
    expect(await pool.add(second!)).toBe(1);
    expect(await pool.add(second!)).toBe(1);
    expect(await pool.add(first!)).toBe(0);
    expect((await store.head()).size).toBe(2);
    stop.abort();
    await running;
  });

  test('two on one store write one log without gaps or repetitions', async () => {
    const store = new MemoryLogStore();
    const [one, two] = [setUp(store), setUp(store)];
    const running = [one.start(), two.start()];
    const entries = newEntries(0, 120);
    const append = async (pool: EntryPool, at: number): Promise<number> => {
      try {
        return await pool.add(entries[at]!);
      } catch {
        return await append(pool, at);
      }
    };
    // Half of the entries reach both.
    const [a, b] = await Promise.all([
      Promise.all(entries.slice(0, 90).map((_, at) => append(one.pool, at))),
      Promise.all(entries.slice(30).map((_, at) => append(two.pool, 30 + at))),
    ]);
    expect(a!.slice(30)).toEqual(b!.slice(0, 60));
    expect(new Set([...a!, ...b!]).size).toBe(120);
    expect((await store.head()).size).toBe(120);
    for (const [at, { bytes }] of entries.entries()) expect(await store.entry([...a!, ...b!.slice(60)][at]!)).toEqual(bytes);
    one.stop.abort();
    two.stop.abort();
    await Promise.all(running);
  });

  test('stops at a tree that does not have the root that it should', async () => {
    const store = new MemoryLogStore();
    const { sequencer } = setUp(store);
    await sequencer.sequence(newEntries(0, 3));
    const read = store.read.bind(store);
    store.read = async (tile) => (await read(tile)).map((byte) => byte ^ 1);
    await expect(sequencer.sequence(newEntries(3, 1))).rejects.toMatchObject({ code: 'log.tile-corrupt', kind: 'fatal' });
    expect(await store.leafIndexes([newEntries(3, 1)[0]!.hash])).toEqual(new Map());
  });

  test('keeps indexes of what is there', async () => {
    const { sequencer } = setUp(new MemoryLogStore());
    await sequencer.sequence(newEntries(0, 3));
    const indexes = await sequencer.sequence(newEntries(2, 3));
    expect(indexes).toEqual(new Map(newEntries(2, 3).map(({ hash }, at) => [toBase64Url(hash), 2 + at])));
  });
});
