import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { logEntryHash } from '@boop/protocol';
import { toBase64Url, utf8 } from '@boop/shared';
import { type NodeDatabase, startNodeDatabase } from '../testing/node-database.ts';
import { PrismaGovernanceStore } from './prisma-governance-store.ts';

let node: NodeDatabase;

beforeAll(async () => void (node = await startNodeDatabase()), 120_000);

afterAll(async () => await node?.close(), 120_000);

test('receipts of one entry that come at once are all kept', async () => {
  const store = new PrismaGovernanceStore(node.database);
  const parties = [1, 2, 3, 4, 5, 6, 7];
  const receiptOf = (party: number) => ({ party, signature: toBase64Url(new Uint8Array(64).fill(party)) });
  for (let round = 0; round < 5; round++) {
    const entry = utf8(`entry ${round}`);
    await Promise.all(parties.map((party) => store.addEntry({ entry, receipts: [receiptOf(party)] })));
    const kept = await store.receiptsOf(logEntryHash(entry));
    expect(kept!.toSorted((a, b) => a.party - b.party)).toEqual(parties.map(receiptOf));
  }
});
