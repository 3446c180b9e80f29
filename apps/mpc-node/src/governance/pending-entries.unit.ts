import { describe, expect, test } from '@jest/globals';
import { logEntryHash } from '@boop/protocol';
import { partyId, utf8 } from '@boop/shared';
import { type GovernanceStore, type PendingEntry } from './governance-store.ts';
import { PendingEntries } from './pending-entries.ts';

/** A store of entries alone. */
function entryStore(): GovernanceStore {
  const entries = new Map<string, PendingEntry & { written: boolean }>();
  const unwritten = () => [...entries].filter(([, { written }]) => !written);
  return {
    addEntry: async ({ entry, receipts }: PendingEntry) => {
      const known = entries.get(logEntryHash(entry))?.receipts ?? [];
      entries.set(logEntryHash(entry), { entry, receipts: [...known, ...receipts], written: false });
    },
    receiptsOf: async (hash: string) => entries.get(hash)?.receipts,
    unwritten: async () => unwritten().map(([hash]) => hash),
    pendingEntries: async () => unwritten().map(([, { entry, receipts }]) => ({ entry, receipts })),
    markWritten: async (hashes: readonly string[]) => hashes.forEach((hash) => (entries.get(hash)!.written = true)),
  } as Partial<GovernanceStore> as GovernanceStore;
}

describe('entries for which a node stands', () => {
  test('are known to be written although the process that stood for them has ended', async () => {
    const store = entryStore();
    const process = () => new PendingEntries({ self: partyId(1), store, signIdentity: () => new Uint8Array(64) });
    const [told, untold] = [utf8('told'), utf8('untold')];
    const before = process();
    for (const entry of [told, untold]) await before.stand(entry);
    const after = process();
    await after.load();
    await after.written([utf8('of another'), told]);
    expect((await after.list()).map(({ entry }) => entry)).toEqual([untold]);
  });

  test('bear its receipt once, also where it had heard of the others\' before', async () => {
    const store = entryStore();
    const entries = new PendingEntries({ self: partyId(1), store, signIdentity: () => new Uint8Array(64) });
    const entry = utf8('of an epoch');
    await entries.add(entry, [{ party: 2, signature: 'second' }]);
    for (let times = 0; times < 2; times++) await entries.stand(entry);
    expect((await entries.list())[0]!.receipts.map(({ party }) => party)).toEqual([2, 1]);
  });
});
