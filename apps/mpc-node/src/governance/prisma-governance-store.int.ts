import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@boop/platform';
import { logEntryHash } from '@boop/protocol';
import { toBase64Url, utf8 } from '@boop/shared';
import { freePort } from '@boop/testing';
import { type Database, openDatabase } from '../store/database.ts';
import { PrismaGovernanceStore } from './prisma-governance-store.ts';

const dir = mkdtempSync(join(tmpdir(), 'boop-governance-'));
let postgres: EmbeddedPostgres;
let database: Database;

beforeAll(async () => {
  postgres = await startEmbeddedPostgres({ dir: join(dir, 'postgres'), port: await freePort(), databases: [{ name: 'node', user: 'node' }] });
  database = await openDatabase(postgres.urls['node']!);
}, 120_000);

afterAll(async () => {
  await database?.$disconnect();
  await postgres?.stop();
  rmSync(dir, { recursive: true, force: true });
}, 120_000);

test('receipts of one entry that come at once are all kept', async () => {
  const store = new PrismaGovernanceStore(database);
  const parties = [1, 2, 3, 4, 5, 6, 7];
  const receiptOf = (party: number) => ({ party, signature: toBase64Url(new Uint8Array(64).fill(party)) });
  for (let round = 0; round < 5; round++) {
    const entry = utf8(`entry ${round}`);
    await Promise.all(parties.map((party) => store.addEntry({ entry, receipts: [receiptOf(party)] })));
    const kept = await store.receiptsOf(logEntryHash(entry));
    expect(kept!.toSorted((a, b) => a.party - b.party)).toEqual(parties.map(receiptOf));
  }
});
