import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type TransferRequest } from '@boop/accounts';
import { TestDatabases } from '../testing/test-databases.ts';
import { type AccountFaultPoint } from './fault-points.ts';
import { AccountsProcess, Fault, statusesOf, TestClock } from '../testing/accounts/accounts-fixture.ts';
import { runCrowd } from '../testing/accounts/crowd.ts';

let databases: TestDatabases;
beforeAll(async () => {
  databases = await TestDatabases.start(['crowd', 'crash', 'rules']);
});
afterAll(async () => await databases.stop());

const CRASHES: readonly (readonly [AccountFaultPoint, 'before' | 'after'])[] = [
  ['transfers.rows', 'before'],
  ['transfers.commit', 'after'],
  ['transfers.balances', 'after'],
  ['transfers.commit', 'before'],
  ['transfers.commit', 'after'],
  // Last, since the other replica may be the one that has all expire.
  ['expiry.commit', 'after'],
];

test('3,000 transfers of 64 clients at two replicas, one of which crashes six times: every status, balance, limit and used-up id is the oracle’s', async () => {
  const { statuses, restarts, created } = await runCrowd({ databaseUrl: databases.url('crowd'), clients: 64, transfers: 3_000, seed: 7, processes: 2, crashes: CRASHES, crashesMin: 5 });
  expect(restarts).toBeGreaterThanOrEqual(5);
  expect(created).toBeGreaterThan(700);
  expect(statuses.size).toBeGreaterThan(20);
  const [sums] = await databases.query<{ zero: boolean }>('crowd', 'SELECT bool_and(d = c AND dp = cp) AS zero FROM (SELECT sum(debits_posted) d, sum(credits_posted) c, sum(debits_pending) dp, sum(credits_pending) cp FROM accounts GROUP BY asset) t');
  expect(sums!.zero).toBe(true);
});

const POINTS: readonly AccountFaultPoint[] = ['transfers.rows', 'transfers.entries', 'transfers.balances', 'transfers.totals', 'transfers.reservations', 'transfers.released', 'transfers.failed', 'transfers.head', 'transfers.commit'];

test('a crash before or after any write leaves a batch whole or absent, and the same ids get the same answer', async () => {
  const url = databases.url('crash');
  const clock = new TestClock();
  const first = new AccountsProcess(url, clock);
  await first.accounts.create([{ id: 'network.bank:a', asset: 'EUR', debitLimit: null, creditLimit: null }, { id: 'person.1:main', asset: 'EUR', debitLimit: 0n, creditLimit: null }]);
  const common = { debitAccount: 'network.bank:a', creditAccount: 'person.1:main', asset: 'EUR', code: 'topup' } as const;
  let round = 0;
  for (const point of POINTS) {
    for (const when of ['before', 'after'] as const) {
      const id = (name: string): string => `network.test:${round}-${name}`;
      await first.transfers.create([[{ id: id('held'), kind: 'pending', amount: 5n, ...common }]]);
      const before = await first.accounts.find('person.1:main');
      const request: TransferRequest[] = [
        { id: id('move'), kind: 'single', amount: 3n, ...common },
        { id: id('new'), kind: 'pending', amount: 2n, ...common },
        { id: id('post'), kind: 'post', pendingId: id('held'), amount: 4n },
        { id: id('over'), kind: 'single', amount: 2n ** 62n, asset: 'EUR', code: 'payment', debitAccount: 'person.1:main', creditAccount: 'network.bank:a' },
      ];
      const fault = new Fault(point, when);
      const dying = new AccountsProcess(url, clock, { faults: fault.hook });
      await expect(dying.queue.create(request)).rejects.toMatchObject({ code: 'log.unavailable', retryAllowed: true });
      await dying.close();
      expect(fault.struck).toBe(true);
      const happened = point === 'transfers.commit' && when === 'after';
      const account = await first.accounts.find('person.1:main');
      if (!happened) expect(account).toEqual(before);
      const again = statusesOf(await first.queue.create(request));
      expect(again).toEqual(happened ? ['exists', 'exists', 'exists', 'id_already_failed'] : ['created', 'created', 'created', 'exceeds_credits']);
      const { balances } = (await first.accounts.find('person.1:main'))!;
      expect(balances.creditsPosted - before!.balances.creditsPosted).toBe(7n);
      expect(balances.creditsPending - before!.balances.creditsPending).toBe(-3n);
      round++;
    }
  }
  await first.close();
});

describe('the database', () => {
  test('refuses to change what stands, whoever asks', async () => {
    const process = new AccountsProcess(databases.url('rules'), new TestClock());
    await process.accounts.create([{ id: 'network.bank:a', asset: 'EUR', debitLimit: null, creditLimit: null }, { id: 'network.bank:b', asset: 'EUR', debitLimit: null, creditLimit: null }]);
    await process.transfers.create([[{ id: 'network.t:1', kind: 'single', debitAccount: 'network.bank:a', creditAccount: 'network.bank:b', amount: 1n, asset: 'EUR', code: 'topup' }]]);
    for (const sql of ['UPDATE transfers SET amount = 2', 'DELETE FROM transfers', 'TRUNCATE transfers CASCADE', 'UPDATE account_entries SET credits_posted = 0', 'DELETE FROM account_entries', 'TRUNCATE account_entries']) {
      await expect(databases.query('rules', sql)).rejects.toThrow(/never changed/);
    }
    await process.close();
  });
  test('keeps an owner’s accounts and history in one hash partition, and finds it by the account’s id', async () => {
    const rows = await databases.query<{ part: string }>('rules', "SELECT DISTINCT tableoid::regclass::text AS part FROM accounts WHERE owner = 'network.bank'");
    expect(rows).toHaveLength(1);
    const plan = await databases.query<{ 'QUERY PLAN': string }>('rules', "EXPLAIN SELECT * FROM accounts WHERE owner = 'network.bank' AND id = 'network.bank:a'");
    expect(plan.map((row) => row['QUERY PLAN']).join('\n').match(/accounts_\d/g)!.filter((name, at, all) => all.indexOf(name) === at)).toHaveLength(1);
  });
});

test('accounts are created once; the same again exists, another is told apart', async () => {
  const process = new AccountsProcess(databases.url('rules'), new TestClock());
  const account = { id: 'vendor.shop:main', asset: 'EUR', debitLimit: 0n, creditLimit: null };
  expect(await process.accounts.create([account, account, { ...account, asset: 'USD' }, { ...account, debitLimit: null }])).toEqual(['created', 'exists', 'exists_with_different_asset', 'exists_with_different_limits']);
  expect(await process.accounts.create([account])).toEqual(['exists']);
  await process.close();
});

test('a queue that is full refuses, and goes on with what it has', async () => {
  const process = new AccountsProcess(databases.url('rules'), new TestClock());
  const request = (at: number): TransferRequest[] => Array.from({ length: 1_000 }, (_, i) => ({ id: `network.q:${at}-${i}`, kind: 'single', debitAccount: 'network.bank:a', creditAccount: 'network.bank:b', amount: 1n, asset: 'EUR', code: 'topup' }));
  const outcomes = await Promise.allSettled(Array.from({ length: 40 }, (_, at) => process.queue.create(request(at % 3))));
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  expect(refused).toHaveLength(8);
  expect(refused.every(({ reason }) => (reason as { code: string }).code === 'service.overloaded')).toBe(true);
  expect((await process.accounts.find('network.bank:b'))!.balances.creditsPosted).toBe(3_001n);
  await process.close();
});
