import { describe, expect, test } from '@jest/globals';
import { newEntries } from '../store/log-store.conformance.ts';
import { EntryPool } from './entry-pool.ts';

function openPool(limits = { entriesMax: 3, bytesMax: 1_000 }): EntryPool {
  const pool = new EntryPool(limits);
  pool.open();
  return pool;
}

describe('the pool of entries', () => {
  test('counts an entry that is appended twice once, also while its batch is being written', async () => {
    const pool = openPool();
    const [entry] = newEntries(0, 1);
    const answers = [pool.add(entry!), pool.add(entry!)];
    const batch = pool.take(10);
    expect(batch).toHaveLength(1);
    answers.push(pool.add(entry!));
    expect(pool.take(10)).toHaveLength(0);
    pool.settle(batch, () => 7);
    expect(await Promise.all(answers)).toEqual([7, 7, 7]);
  });

  test('refuses what exceeds its bounds, in number and in bytes, until a batch is settled', async () => {
    const pool = openPool();
    const entries = newEntries(0, 4);
    const first = entries.slice(0, 3).map((entry) => pool.add(entry));
    await expect(pool.add(entries[3]!)).rejects.toMatchObject({ code: 'service.overloaded', kind: 'unavailable' });
    const batch = pool.take(10);
    await expect(pool.add(entries[3]!)).rejects.toMatchObject({ code: 'service.overloaded' });
    pool.settle(batch, () => 0);
    await Promise.all(first);
    const late = pool.add(entries[3]!);
    pool.settle(pool.take(1), () => 3);
    expect(await late).toBe(3);
    const narrow = openPool({ entriesMax: 10, bytesMax: 10 });
    void narrow.add(entries[0]!);
    await expect(narrow.add(entries[1]!)).rejects.toMatchObject({ code: 'service.overloaded' });
  });

  test('refuses everything while closed, what waits included', async () => {
    const pool = openPool();
    const [one, two] = newEntries(0, 2);
    const waiting = pool.add(one!);
    pool.close();
    await expect(waiting).rejects.toMatchObject({ code: 'log.unavailable', retryAllowed: true });
    await expect(pool.add(two!)).rejects.toMatchObject({ code: 'log.unavailable' });
    expect(pool.waiting).toBe(0);
  });

  test('wakes who waits for an entry, and who stops waiting', async () => {
    const pool = openPool();
    const stop = new AbortController();
    const waits = pool.filled(stop.signal);
    void pool.add(newEntries(0, 1)[0]!);
    await waits;
    pool.take(1);
    const again = pool.filled(stop.signal);
    stop.abort();
    await again;
  });
});
