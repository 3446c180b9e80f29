import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newTiles } from '@boop/log';
import { silentLogger } from '@boop/platform';
import pg from 'pg';
import { noFaults } from '@boop/platform';
import { EntryPool } from '../sequencer/entry-pool.ts';
import { Sequencer } from '../sequencer/sequencer.ts';
import { type Fault, FaultyAdapter } from '../testing/faulty-adapter.ts';
import { TestDatabases } from '../testing/test-databases.ts';
import { describeLogStore, newEntries } from './log-store.conformance.ts';
import { LedgerDatabase } from './database.ts';
import { PrismaLogStore } from './prisma-log-store.ts';

let databases: TestDatabases;
beforeAll(async () => {
  databases = await TestDatabases.start(['suite', 'faults']);
});
afterAll(async () => await databases.stop());

const sequencerOn = (store: PrismaLogStore): Sequencer => new Sequencer({ store, pool: new EntryPool(), log: silentLogger, intervalMs: 1, batchMax: 100 });

describeLogStore('PostgreSQL', () => databases.emptied('suite'));

describe('a crash at any statement', () => {
  const faults: Fault[] = Array.from({ length: 8 }, (_, at) => (['before', 'after'] as const).map((when) => ({ at, when }))).flat();

  test('leaves a whole batch or none, and the same entries get one place each', async () => {
    let struck = 0;
    for (const fault of faults) {
      const store = await databases.emptied('faults');
      const old = newEntries(0, 250);
      await sequencerOn(store).sequence(old);
      const before = await store.head();
      const pool = new pg.Pool({ connectionString: databases.url('faults') });
      const adapter = new FaultyAdapter(pool);
      adapter.fault = fault;
      const spoiled = new LedgerDatabase(pool, noFaults, adapter);
      const dying = new PrismaLogStore(spoiled);
      const entries = newEntries(240, 30);
      const failed = await sequencerOn(dying).sequence(entries).then(() => false, () => true);
      await spoiled.close();
      if (!adapter.struck) break;
      struck += 1;
      // After the restart.
      const { size } = await store.head();
      expect(failed && [before.size, 270].includes(size)).toBe(true);
      expect((await store.leafIndexes(entries.map(({ hash }) => hash))).size).toBe(size === 270 ? 30 : 10);
      const indexes = await sequencerOn(store).sequence(entries);
      expect([...indexes.values()].sort((a, b) => a - b)).toEqual(entries.map((_, at) => 240 + at));
      expect((await store.head()).size).toBe(270);
      for (const tile of newTiles(0, 270)) await store.read(tile);
    }
    // BEGIN, compare-and-swap, entries, tiles, COMMIT at least, on both sides.
    expect(struck).toBeGreaterThanOrEqual(8);
  });

  test('publishes a checkpoint or does not', async () => {
    const outcomes = new Set<number | undefined>();
    for (const fault of faults) {
      const store = await databases.emptied('faults');
      await sequencerOn(store).sequence(newEntries(0, 3));
      const pool = new pg.Pool({ connectionString: databases.url('faults') });
      const adapter = new FaultyAdapter(pool);
      adapter.fault = fault;
      const spoiled = new LedgerDatabase(pool, noFaults, adapter);
      const dying = new PrismaLogStore(spoiled);
      const checkpoint = { ...(await store.head()), note: 'note', groupKey: Uint8Array.of(1) };
      await dying.publish(checkpoint, undefined).catch(() => undefined);
      await spoiled.close();
      if (!adapter.struck) break;
      const published = (await store.published())?.size;
      expect(await store.checkpoint(3)).toBe(published === undefined ? undefined : 'note');
      outcomes.add(published);
    }
    expect(outcomes).toEqual(new Set([undefined, 3]));
  });
});
