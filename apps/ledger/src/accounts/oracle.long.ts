import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { TestDatabases } from '../testing/test-databases.ts';
import { runCrowd } from '../testing/accounts/crowd.ts';
import { StoredAccountsCheck } from './check.ts';
import { ACCOUNT_FAULT_POINTS } from './fault-points.ts';

let databases: TestDatabases;
beforeAll(async () => {
  databases = await TestDatabases.start(['crowd']);
}, 120_000);
afterAll(async () => await databases.stop(), 120_000);

test('200,000 transfers of 64 clients at two replicas through a crash at each write, before and after: the oracle agrees with every answer, and the check with all that is stored', async () => {
  const points = ACCOUNT_FAULT_POINTS.filter((point) => point.startsWith('transfers.') || point === 'expiry.commit');
  const crashes = points.flatMap((point) => [[point, 'before'], [point, 'after']] as const);
  const { restarts, created, statuses } = await runCrowd({ databaseUrl: databases.url('crowd'), clients: 64, transfers: 200_000, seed: 11, accounts: 400, processes: 2, crashes });
  expect(restarts).toBe(crashes.length);
  expect(created).toBeGreaterThan(50_000);
  expect(statuses.size).toBeGreaterThan(25);
  expect(await new StoredAccountsCheck(databases.url('crowd')).check()).toMatchObject({ ok: true, accounts: 400, transfers: created });
}, 1_800_000);
