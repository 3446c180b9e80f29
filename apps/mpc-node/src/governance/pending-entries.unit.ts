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
    addEntry: async (pending: PendingEntry) => void entries.set(logEntryHash(pending.entry), { ...pending, written: false }),
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
});
