import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type AccountMethod, type AccountMethodAnswer, type AccountMethodBody, accountMethods, type FeeSchedule, parseTransfer, verifyBalanceProof, verifyBatchInclusion } from '@boop/accounts';
import { silentLogger } from '@boop/platform';
import { parseLogEntry } from '@boop/protocol';
import { fromBase64Url, toBase64Url } from '@boop/shared';
import { EntryPool } from '../sequencer/entry-pool.ts';
import { Sequencer } from '../sequencer/sequencer.ts';
import { Fault, TestClock } from '../testing/accounts/accounts-fixture.ts';
import { eventually } from '../testing/eventually.ts';
import { TestDatabases } from '../testing/test-databases.ts';
import { type Accounts, type AccountsOptions, startAccounts } from './accounts.ts';
import { StoredAccountsCheck } from './check.ts';
import { type AccountFaultPoint } from './fault-points.ts';

const DAY = Date.UTC(2026, 0, 1);
const FEES: FeeSchedule = { asset: 'EUR', rules: [{ code: 'payment', basisPoints: 150, fixed: '5', max: '100' }] };

let databases: TestDatabases;
beforeAll(async () => {
  databases = await TestDatabases.start(['main', 'crash', 'jobs', 'broken']);
});
afterAll(async () => await databases.stop());

/** Accounts of one process on a database, with a real log behind them. */
class Ledger {
  readonly accounts: Accounts;
  readonly clock: TestClock;

  private constructor(accounts: Accounts, clock: TestClock) {
    this.accounts = accounts;
    this.clock = clock;
  }

  static async start(database: string, options: Partial<AccountsOptions> & { clock?: TestClock } = {}): Promise<Ledger> {
    const clock = options.clock ?? new TestClock();
    const sequencer = new Sequencer({ store: databases.store(database), pool: new EntryPool(), log: silentLogger, intervalMs: 1, batchMax: 100 });
    const append: AccountsOptions['append'] = async (entry) => (await sequencer.sequence([entry])).get(toBase64Url(entry.hash))!;
    const intervals = { outboxMs: 20, balancesMs: 1, settlementsMs: 50 };
    const manifest = { networkId: 'test-net', epoch: 1 };
    return new Ledger(await startAccounts({ databaseUrl: databases.url(database), manifest, append, leads: () => true, log: silentLogger, feeSchedules: [FEES], intervals, ...options, clock }), clock);
  }

  async ask<M extends AccountMethod>(method: M, body: AccountMethodBody<M>): Promise<AccountMethodAnswer<M>> {
    // What leaves is held to its schema, as the gateway does.
    return accountMethods[method].answer.parse(await this.accounts.handle(method, body)) as AccountMethodAnswer<M>;
  }

  async open(): Promise<void> {
    await this.ask('accounts.create', { accounts: [{ id: 'network.bank:main', asset: 'EUR', debitLimit: null }, { id: 'person.1:main', asset: 'EUR' }, { id: 'vendor.shop:main', asset: 'EUR' }, { id: 'vendor.other:main', asset: 'EUR' }] });
    await this.move('network.bank:topup', 'network.bank:main', 'person.1:main', 100_000, 'topup');
  }

  async move(id: string, debitAccount: string, creditAccount: string, amount: number, code = 'payment'): Promise<string> {
    const { results } = await this.ask('transfers.create', { transfers: [{ id, kind: 'single', debitAccount, creditAccount, amount: String(amount), asset: 'EUR', code }] });
    return results[0]!.status;
  }

  close = () => this.accounts.close();
}

const settled = async (ledger: Ledger, id: string) =>
  await eventually(async () => {
    const { settlement } = await ledger.ask('settlements.get', { id });
    return settlement.status !== 'requested' && settlement;
  });
const checkOf = (database: string) => new StoredAccountsCheck(databases.url(database)).check();

describe('accounts of a ledger', () => {
  let ledger: Ledger;
  const clock = new TestClock();
  beforeAll(async () => {
    clock.now = DAY + 1_000;
    ledger = await Ledger.start('main', { clock });
    await ledger.open();
    for (let at = 0; at < 10; at++) {
      clock.now += 60_000;
      expect(await ledger.move(`vendor.shop:order-${at}`, 'person.1:main', 'vendor.shop:main', 1_000 + at)).toBe('created');
    }
    clock.now += 60_000;
    expect(await ledger.move('vendor.shop:refund-3', 'vendor.shop:main', 'person.1:main', 1_003, 'refund')).toBe('created');
  });
  afterAll(async () => await ledger.close());

  test('show balances now and at any moment, the one asked for included', async () => {
    const at = async (atMs?: number) => (await ledger.ask('accounts.balances', { id: 'vendor.shop:main', ...(atMs === undefined ? {} : { atMs }) })).balances;
    expect(await at()).toEqual({ debitsPending: '0', debitsPosted: '1003', creditsPending: '0', creditsPosted: '10045' });
    expect((await at(DAY)).creditsPosted).toBe('0');
    expect((await at(DAY + 1_000 + 60_000)).creditsPosted).toBe('1000');
    expect((await at(DAY + 1_000 + 60_000 - 1)).creditsPosted).toBe('0');
    expect((await at(DAY + 1_000 + 3 * 60_000 + 59_999)).creditsPosted).toBe('3003');
  });

  test('give a statement in pages, with opening and closing balances', async () => {
    const period = { accountId: 'vendor.shop:main', fromMs: DAY + 1_000 + 2 * 60_000, toMs: DAY + 86_400_000 };
    const first = await ledger.ask('statements.get', { ...period, limit: 4 });
    expect([first.opening.creditsPosted, first.closing.creditsPosted, first.closing.debitsPosted]).toEqual(['1000', '10045', '1003']);
    const lines = [...first.lines];
    for (let next = first.next; next !== undefined; ) {
      const page = await ledger.ask('statements.get', { ...period, limit: 4, cursor: next });
      lines.push(...page.lines);
      next = page.next;
    }
    expect(lines.map(({ transferId }) => transferId)).toEqual([...Array.from({ length: 9 }, (_, at) => `vendor.shop:order-${at + 1}`), 'vendor.shop:refund-3']);
    expect(lines.at(-1)).toMatchObject({ side: 'debit', moved: '1003', code: 'refund', counterparty: 'person.1:main', balances: { creditsPosted: '10045', debitsPosted: '1003' } });
    expect(lines.every((line, at) => at === 0 || BigInt(line.sequence) > BigInt(lines[at - 1]!.sequence))).toBe(true);
  });

  test('report what moved by day and code, of one owner or of all', async () => {
    const days = { fromDay: '2026-01-01', toDay: '2026-01-02' };
    const { rows } = await ledger.ask('reports.get', { ...days, seenBy: 'vendor.shop' });
    expect(rows).toEqual([
      { day: '2026-01-01', accountId: 'vendor.shop:main', asset: 'EUR', code: 'payment', creditCount: 10, credits: '10045', debitCount: 0, debits: '0' },
      { day: '2026-01-01', accountId: 'vendor.shop:main', asset: 'EUR', code: 'refund', creditCount: 0, credits: '0', debitCount: 1, debits: '1003' },
    ]);
    const all = [];
    for (let cursor: string | undefined; ; ) {
      const page = await ledger.ask('reports.get', { ...days, limit: 2, ...(cursor ? { cursor } : {}) });
      all.push(...page.rows);
      cursor = page.next;
      if (!cursor) break;
    }
    expect(new Set(all.map(({ accountId, code }) => `${accountId} ${code}`)).size).toBe(all.length);
    expect(all.reduce((sum, { credits, debits }) => sum + BigInt(credits) - BigInt(debits), 0n)).toBe(0n);
  });

  test('hide from an owner what is not theirs', async () => {
    for (const ask of [
      () => ledger.ask('transfers.get', { id: 'vendor.shop:order-1', seenBy: 'vendor.other' }),
      () => ledger.ask('transfers.get', { id: 'vendor.shop:none' }),
      () => ledger.ask('accounts.get', { id: 'vendor.nobody:main' }),
      () => ledger.ask('settlements.get', { id: 'none' }),
    ]) await expect(ask()).rejects.toMatchObject({ code: 'request.not-found' });
    expect((await ledger.ask('transfers.get', { id: 'vendor.shop:order-1', seenBy: 'person.1' })).transfer.amount).toBe('1001');
    expect((await ledger.ask('accounts.list', { seenBy: 'vendor.shop' })).accounts.map(({ id }) => id)).toEqual(['vendor.shop:main']);
  });

  test('are settled once a period: fees and payout in one chain', async () => {
    clock.now += 1;
    const run = { id: 'january', accountId: 'vendor.shop:main', fromMs: DAY, toMs: clock.now };
    await ledger.ask('settlements.create', run);
    const january = await settled(ledger, 'january');
    // 5 + 1.5 %, half a cent up: 10 payments of 10.00 … 10.09.
    expect(january.totals).toMatchObject({ gross: '10045', returned: '1003', fees: '200', net: '8842' });
    expect(january).toMatchObject({ status: 'settled', transfers: [{ id: 'network.settlement:january.fee', status: 'created' }, { id: 'network.settlement:january.payout', status: 'created' }] });
    expect((await ledger.ask('accounts.get', { id: 'network.payouts:EUR' })).account.balances.creditsPosted).toBe('8842');
    expect((await ledger.ask('settlements.create', run)).settlement).toEqual(january);
    await expect(ledger.ask('settlements.create', { ...run, toMs: run.toMs - 1 })).rejects.toMatchObject({ code: 'idempotency.other-body' });
    await expect(ledger.ask('settlements.create', { ...run, id: 'again' })).rejects.toMatchObject({ code: 'request.conflict' });
    await expect(ledger.ask('settlements.create', { ...run, id: 'future', fromMs: run.toMs, toMs: clock.now + 10_000 })).rejects.toMatchObject({ code: 'request.conflict' });
  });

  test('are settled as refused when the money is gone, and the period may be asked for again', async () => {
    expect(await ledger.move('vendor.other:in', 'person.1:main', 'vendor.other:main', 500)).toBe('created');
    expect(await ledger.move('vendor.other:out', 'vendor.other:main', 'network.bank:main', 499, 'refund')).toBe('created');
    clock.now += 1;
    const run = { accountId: 'vendor.other:main', fromMs: DAY, toMs: clock.now };
    await ledger.ask('settlements.create', { ...run, id: 'poor' });
    expect(await settled(ledger, 'poor')).toMatchObject({ status: 'refused', totals: { net: '-12' }, transfers: [{ id: 'network.settlement:poor.fee', status: 'exceeds_credits' }] });
    await ledger.move('network.bank:gift', 'network.bank:main', 'vendor.other:main', 100, 'topup');
    await ledger.ask('settlements.create', { ...run, id: 'richer' });
    expect(await settled(ledger, 'richer')).toMatchObject({ status: 'settled', transfers: [{ id: 'network.settlement:richer.fee', status: 'created' }] });
  });

  test('are reconciled with a statement of somebody else', async () => {
    const period = { accountId: 'vendor.shop:main', fromMs: DAY, toMs: DAY + 1_000 + 4 * 60_000 };
    const lines = [0, 1, 2].map((at) => ({ transferId: `vendor.shop:order-${at}`, side: 'credit' as const, amount: String(1_000 + at) }));
    const agreed = await ledger.ask('reconciliations.create', { id: 'good', ...period, lines });
    expect(agreed.reconciliation).toMatchObject({ matched: 3, isBalanced: true, difference: '0' });
    const { reconciliation } = await ledger.ask('reconciliations.create', { id: 'bad', ...period, lines: [{ ...lines[0]!, amount: '1' }, lines[1]!, lines[1]!, { transferId: 'bank:7', side: 'debit', amount: '9' }] });
    expect(reconciliation).toMatchObject({ matched: 1, missingHere: ['bank:7'], missingThere: ['vendor.shop:order-2'], different: [{ here: 'credit 1000', there: 'credit 1' }], repeated: ['vendor.shop:order-1'], isBalanced: false, difference: String(1 + 1_001 * 2 - 9 - 3_003) });
    await expect(ledger.ask('reconciliations.create', { id: 'bad', ...period, lines })).rejects.toMatchObject({ code: 'idempotency.other-body' });
    expect((await ledger.ask('reconciliations.get', { id: 'bad', seenBy: 'vendor.shop' })).reconciliation).toEqual(reconciliation);
    await expect(ledger.ask('reconciliations.get', { id: 'bad', seenBy: 'vendor.other' })).rejects.toMatchObject({ code: 'request.not-found' });
  });

  test('are in the log: a transfer proves that it stands in an entry, a balance that it is part of a zero sum', async () => {
    const { proof } = await eventually(() => ledger.ask('transfers.proof', { id: 'vendor.shop:order-4' }).catch(() => undefined));
    const store = databases.store('main');
    const entry = parseLogEntry((await store.entry(proof.batch.leafIndex))!);
    expect(entry).toMatchObject({ kind: 'transfers', root: proof.batch.root });
    const size = Number(BigInt(proof.batch.to) - BigInt(proof.batch.from)) + 1;
    verifyBatchInclusion(parseTransfer(proof.transfer), { size, root: fromBase64Url(proof.batch.root) }, proof.index, proof.inclusion.map(fromBase64Url));
    const forged = { ...parseTransfer(proof.transfer), amount: 1n };
    expect(() => verifyBatchInclusion(forged, { size, root: fromBase64Url(proof.batch.root) }, proof.index, proof.inclusion.map(fromBase64Url))).toThrow();

    // Commitments follow the transfers one by one, and the process proves under each a moment after the table has it; of the last nothing moves any more.
    const balance = await eventually(async () => {
      const [last] = await databases.query<{ hash: Buffer }>('main', 'SELECT commitment_hash AS hash FROM balance_commitments WHERE sequence = (SELECT sequence FROM accounts_head) AND leaf_index IS NOT NULL');
      const proven = last && (await ledger.ask('accounts.proof', { id: 'vendor.shop:main' }).catch(() => undefined));
      return proven && last.hash.equals(verifyBalanceProof(proven.proof).commitmentHash) && proven;
    });
    expect(balance.proof.balances.debitsPosted).toBe('10045');
    const { commitmentHash, balances } = verifyBalanceProof(balance.proof);
    expect(balances.creditsPosted).toBe(10_045n);
    const logged = await store.find(fromBase64Url(balance.entryHash));
    expect(parseLogEntry(logged!.bytes)).toMatchObject({ kind: 'balances', commitment: toBase64Url(commitmentHash) });
    expect(await ledger.accounts.latestBalances()).toEqual(Buffer.from(commitmentHash));
  });

  test.each<[string, AccountMethod, object]>([
    ['a negative amount', 'transfers.create', { transfers: [{ id: 'network.x:1', kind: 'single', debitAccount: 'network.bank:main', creditAccount: 'person.1:main', amount: '-5', asset: 'EUR', code: 'x' }] }],
    ['a fraction', 'transfers.create', { transfers: [{ id: 'network.x:1', kind: 'single', debitAccount: 'network.bank:main', creditAccount: 'person.1:main', amount: '1.5', asset: 'EUR', code: 'x' }] }],
    ['a number that is not exact', 'transfers.create', { transfers: [{ id: 'network.x:1', kind: 'single', debitAccount: 'network.bank:main', creditAccount: 'person.1:main', amount: 5, asset: 'EUR', code: 'x' }] }],
    ['2^63', 'transfers.create', { transfers: [{ id: 'network.x:1', kind: 'single', debitAccount: 'network.bank:main', creditAccount: 'person.1:main', amount: '9223372036854775808', asset: 'EUR', code: 'x' }] }],
    ['an id of the ledger’s own', 'transfers.create', { transfers: [{ id: 'expiry/network.x:1', kind: 'post', pendingId: 'network.x:2' }] }],
    ['an expiry', 'transfers.create', { transfers: [{ id: 'network.x:1', kind: 'expire', pendingId: 'network.x:2' }] }],
    ['no transfers', 'transfers.create', { transfers: [] }],
    ['too many', 'transfers.create', { transfers: Array.from({ length: 1_001 }, (_, at) => ({ id: `network.x:${at}`, kind: 'void', pendingId: 'network.x:none' })) }],
    ['a cursor of another list', 'transfers.list', { accountId: 'person.1:main', cursor: 'x' }],
    ['a cursor of no day', 'reports.get', { fromDay: '2026-01-01', toDay: '2026-01-02', cursor: '2026-99-99 a b' }],
    ['a day that does not exist', 'reports.get', { fromDay: '2026-02-30', toDay: '2026-03-01' }],
    ['a line that can’t be kept', 'reconciliations.create', { id: 'x', accountId: 'vendor.shop:main', fromMs: 0, toMs: 1, lines: [{ transferId: 'a\u0000', side: 'debit', amount: '1' }] }],
    ['a period that ends before it begins', 'settlements.create', { id: 'x', accountId: 'vendor.shop:main', fromMs: 5, toMs: 4 }],
    ['an account of nobody', 'accounts.create', { accounts: [{ id: 'shop:main', asset: 'EUR' }] }],
    ['a negative limit', 'accounts.create', { accounts: [{ id: 'vendor.shop:other', asset: 'EUR', debitLimit: '-1' }] }],
  ])('refuse %s', async (_, method, body) => {
    await expect(ledger.accounts.handle(method, body)).rejects.toMatchObject({ code: 'request.malformed' });
  });

  test('are found in order', async () => {
    await eventually(async () => (await databases.query('main', 'SELECT 1 FROM transfer_batches WHERE last_sequence = (SELECT sequence FROM accounts_head) AND leaf_index IS NOT NULL')).length === 1);
    expect(await checkOf('main')).toMatchObject({ ok: true, accounts: 6 });
  });
});

test('a crash at any write of settlement, log or commitment: the next process finishes it, moves nothing twice, and all is in order', async () => {
  const points: readonly AccountFaultPoint[] = ['settlement.fence', 'settlement.insert', 'settlement.commit', 'settlement.transfers', 'settlement.result', 'batch.insert', 'batch.append', 'batch.placed', 'balances.insert'];
  const clock = new TestClock();
  clock.now = DAY;
  let current = await Ledger.start('crash', { clock });
  await current.open();
  let round = 0;
  for (const point of points) {
    for (const when of ['before', 'after'] as const) {
      const run = { id: `run-${round}`, accountId: 'vendor.shop:main', fromMs: clock.now };
      clock.now += 1;
      expect(await current.move(`vendor.shop:order-${round}`, 'person.1:main', 'vendor.shop:main', 1_000)).toBe('created');
      await current.close();
      clock.now += 1;
      const fault = new Fault(point, when);
      const dying = await Ledger.start('crash', { clock, faults: fault.hook });
      const period = { ...run, toMs: clock.now };
      await dying.ask('settlements.create', period).catch(() => undefined);
      // What the process does by itself until it ends.
      if (!point.startsWith('settlement')) await dying.move(`network.bank:more-${round}`, 'network.bank:main', 'person.1:main', 1).catch(() => undefined);
      await eventually(async () => fault.struck);
      await dying.close();
      current = await Ledger.start('crash', { clock });
      await current.ask('settlements.create', period);
      expect(await settled(current, run.id)).toMatchObject({ status: 'settled', totals: { gross: '1000', fees: '20', net: '980' } });
      round++;
    }
  }
  const { account } = await current.ask('accounts.get', { id: 'network.payouts:EUR' });
  expect(account.balances.creditsPosted).toBe(String(980 * round));
  await eventually(async () => (await databases.query('crash', 'SELECT 1 FROM transfer_batches WHERE last_sequence = (SELECT sequence FROM accounts_head) AND leaf_index IS NOT NULL')).length === 1);
  await current.close();
  expect(await checkOf('crash')).toMatchObject({ ok: true });
});

test('BullMQ on PostgreSQL carries a wake-up from one process to another', async () => {
  const script = fileURLToPath(new URL('../testing/accounts/wake-up-process.ts', import.meta.url));
  const start = async () => {
    const child = spawn(process.execPath, ['--conditions=@boop/source', '--disable-warning=ExperimentalWarning', script], { env: { ...process.env, JOBS_DATABASE_URL: databases.url('jobs') }, stdio: ['pipe', 'pipe', 'inherit'] });
    const lines: string[] = [];
    createInterface(child.stdout).on('line', (line) => lines.push(line));
    await eventually(async () => lines.includes('ready'));
    return { child, lines };
  };
  const processes = [await start(), await start()];
  try {
    // Whoever is free takes a job; of many each takes some.
    await eventually(async () => {
      processes[0]!.child.stdin.write('wake\n');
      return processes[1]!.lines.includes('woken');
    });
  } finally {
    await Promise.all(processes.map(({ child }) => new Promise((resolve) => {
      child.once('exit', resolve);
      child.stdin.end();
    })));
  }
});

describe('the check finds the first place that is wrong', () => {
  beforeAll(async () => {
    const ledger = await Ledger.start('broken');
    await ledger.open();
    await ledger.ask('transfers.create', { transfers: [{ id: 'vendor.shop:held', kind: 'pending', debitAccount: 'person.1:main', creditAccount: 'vendor.shop:main', amount: '70', asset: 'EUR', code: 'payment', timeoutSeconds: 900 }] });
    await ledger.move('vendor.shop:1', 'person.1:main', 'vendor.shop:main', 30);
    await ledger.ask('transfers.create', { transfers: [{ id: 'vendor.shop:no', kind: 'single', debitAccount: 'vendor.shop:main', creditAccount: 'person.1:main', amount: '31', asset: 'EUR', code: 'payment' }] });
    await eventually(async () => (await databases.query('broken', 'SELECT 1 FROM transfer_batches b, balance_commitments c WHERE b.last_sequence = 3 AND b.leaf_index IS NOT NULL AND c.sequence = 3 AND c.leaf_index IS NOT NULL')).length > 0);
    await ledger.close();
    expect(await checkOf('broken')).toMatchObject({ ok: true, transfers: 3 });
  });

  test.each<[string, string, RegExp, string?]>([
    ['a balance', "UPDATE accounts SET credits_posted = credits_posted + 1 WHERE id = 'vendor.shop:main'", /account vendor.shop:main/],
    ['an amount', 'UPDATE transfers SET amount = amount + 1 WHERE sequence = 1', /entry 1 of|balances/],
    ['an amount beyond the limit', 'UPDATE transfers SET amount = 200000 WHERE sequence = 3', /transfer 3/],
    ['a transfer that is gone', "DELETE FROM open_reservations; DELETE FROM transfers WHERE sequence = 2", /transfer 3/],
    ['an entry', "UPDATE account_entries SET debits_posted = 0 WHERE sequence = 3 AND side = 'debit'", /entry 3 of person.1:main/],
    ['an entry too many', "INSERT INTO account_entries SELECT owner, account_id, 9, side, 0, 0, 0, 0 FROM account_entries WHERE sequence = 1 AND side = 'debit'", /account entries/],
    ['a reservation that is forgotten', 'DELETE FROM open_reservations', /reservation vendor.shop:held/],
    ['a reservation that lasts longer', 'UPDATE open_reservations SET expires_at_ms = expires_at_ms + 1', /reservation vendor.shop:held/],
    ['a total', 'UPDATE daily_totals SET credits = credits + 1 WHERE account_id = \'vendor.shop:main\'', /total of vendor.shop:main/],
    ['a total too many', "INSERT INTO daily_totals SELECT owner, account_id, day, 'extra', asset, 0, 0, 0, 0 FROM daily_totals LIMIT 1", /daily totals/],
    ['a batch', "UPDATE transfer_batches SET entry = set_byte(entry, 20, get_byte(entry, 20) # 1) WHERE batch = 1", /batch 1/],
    ['an entry of the log', 'UPDATE entries SET bytes = set_byte(bytes, 20, get_byte(bytes, 20) # 1) WHERE leaf_index = (SELECT leaf_index FROM transfer_batches WHERE batch = 1)', /batch 1/],
    ['a commitment', "UPDATE balance_commitments SET commitment = jsonb_set(commitment, '{sequence}', '\"7\"')", /balances \d/],
    ['an id that failed and moved', "INSERT INTO failed_transfers VALUES ('vendor.shop:1', 'exceeds_credits', 0)", /id vendor.shop:1/],
    ['a head that is behind', 'UPDATE accounts_head SET sequence = 2', /batch|transfer|transfers/],
  ])('%s', async (_, sabotage, place) => {
    const check = await sabotaged(sabotage);
    expect(check).toEqual({ ok: false, place: expect.stringMatching(place), rule: expect.any(String) });
  });

  /** Does the damage as an administrator who switches the triggers off, checks, and puts everything back. */
  async function sabotaged(sql: string): Promise<unknown> {
    const tables = ['accounts', 'transfers', 'account_entries', 'daily_totals', 'open_reservations', 'failed_transfers', 'accounts_head', 'transfer_batches', 'balance_commitments', 'entries'];
    const off = ['transfers', 'account_entries'].map((table) => `ALTER TABLE ${table} DISABLE TRIGGER USER`).join(';');
    await databases.query('broken', `${off}; ${tables.map((table) => `CREATE TABLE saved_${table} AS SELECT * FROM ${table}`).join(';')}; ${sql}`);
    try {
      return await checkOf('broken');
    } finally {
      const back = [...tables].reverse().map((table) => `DELETE FROM ${table}`).join(';');
      await databases.query('broken', `DELETE FROM open_reservations; ${back}; ${tables.map((table) => `INSERT INTO ${table} SELECT * FROM saved_${table}; DROP TABLE saved_${table}`).join(';')}`);
    }
  }
});
