import { type FeeSchedule, ownerOf, parseFeeSchedule, settle, type SettlementJson, type SettlementTotals, settlementTransfers, type TransferRequest, type TransferResult } from '@boop/accounts';
import { describeError, type Logger } from '@boop/platform';
import { BoopError, type Clock } from '@boop/shared';
import { type AccountStore } from './account-store.ts';
import { type AccountsDatabase, type Transaction } from './accounts-database.ts';
import { lockHead } from './transfer-store.ts';

export interface SettlementOptions {
  readonly database: AccountsDatabase;
  readonly accounts: AccountStore;
  readonly create: (transfers: readonly TransferRequest[]) => Promise<TransferResult[]>;
  /** One an asset; without one there are no fees. */
  readonly schedules: readonly FeeSchedule[];
  readonly clock: Clock;
  readonly log: Logger;
}

export interface SettlementRequest {
  readonly id: string;
  readonly accountId: string;
  /** Inclusive. */
  readonly fromMs: number;
  /** Exclusive; not in the future. */
  readonly toMs: number;
}

interface Run extends SettlementRequest {
  readonly asset: string;
  readonly schedule: FeeSchedule;
}

type Row = Omit<Run, 'fromMs' | 'toMs' | 'schedule'> & { fromMs: bigint; toMs: bigint; schedule: unknown; status: SettlementJson['status']; totals: SettlementJson['totals'] | null; transfers: SettlementJson['transfers'] | null };

const DUE_MAX = 100;

/**
 * Settlement runs. A run is a row before anything is done, and done when the row says so; whoever does it, and how often, moves the same money
 * once: the period can't change any more, and the transfers' ids follow from the run's.
 */
export class Settlements {
  readonly #options: SettlementOptions;

  constructor(options: SettlementOptions) {
    this.#options = options;
  }

  /**
   * Asks for a run; the same run again is the one that is there.
   * @throws BoopError `request.not-found` (account), `request.conflict` (the period is not over, or overlaps another run), `idempotency.other-body`
   */
  async request({ id, accountId, fromMs, toMs }: SettlementRequest): Promise<SettlementJson> {
    const { database, accounts, schedules, clock } = this.#options;
    const account = await accounts.find(accountId);
    if (!account) throw new BoopError('request.not-found', 'there is no such account');
    const schedule = schedules.find(({ asset }) => asset === account.asset) ?? { asset: account.asset, rules: [] };
    await database.transact('settlement.commit', async (transaction) => {
      await lockHead(transaction);
      const known = await find(transaction, id);
      if (known) return assertSame(known, { id, accountId, fromMs, toMs });
      if (toMs > clock.nowMs()) throw new BoopError('request.conflict', 'the period is not over yet');
      const overlapping = await transaction.$queryRaw<unknown[]>`SELECT 1 FROM settlements WHERE account_id = ${accountId} AND from_ms < ${toMs} AND to_ms > ${fromMs} AND status <> 'refused' LIMIT 1`;
      if (overlapping.length > 0) throw new BoopError('request.conflict', 'the period overlaps that of another settlement');
      // Every later transfer has a time of `toMs` or after it: the period is closed.
      await database.guard('settlement.fence', () => transaction.$executeRaw`UPDATE accounts_head SET at_ms = greatest(at_ms, ${toMs}) WHERE id = 1`);
      await database.guard('settlement.insert', () => transaction.$executeRaw`
        INSERT INTO settlements (id, owner, account_id, asset, from_ms, to_ms, schedule) VALUES (${id}, ${ownerOf(accountId)}, ${accountId}, ${account.asset}, ${fromMs}, ${toMs}, ${JSON.stringify(schedule)}::jsonb)`);
    });
    return (await this.find(id))!;
  }

  /** Does every run that waits; one that fails is tried again at the next call. */
  async runDue(): Promise<void> {
    const due = await this.#options.database.prisma.$queryRaw<{ id: string }[]>`SELECT id FROM settlements WHERE status = 'requested' ORDER BY id LIMIT ${DUE_MAX}`;
    for (const { id } of due) {
      await this.run(id).catch((error: unknown) => this.#options.log.error('a settlement could not be done', { settlement: id, error: describeError(error) }));
    }
  }

  async run(id: string): Promise<void> {
    const { database, accounts, create } = this.#options;
    const row = await find(database.prisma, id);
    if (!row || row.status !== 'requested') return;
    const run = runOf(row);
    const [from, to] = [await accounts.sequenceBefore(run.fromMs), await accounts.sequenceBefore(run.toMs)];
    const totals = settle(await accounts.settlementLines(run.accountId, from, to), run.schedule);
    const [feeAccount, payoutAccount] = [`network.fees:${run.asset}`, `network.payouts:${run.asset}`];
    await accounts.create([feeAccount, payoutAccount].map((account) => ({ id: account, asset: run.asset, debitLimit: null, creditLimit: null })));
    const wanted = settlementTransfers({ ...run, feeAccount, payoutAccount }, totals);
    const results = wanted.length === 0 ? [] : await database.guard('settlement.transfers', () => create(wanted));
    // What failed the first time says so again as the cause, and what exists was created by this run: a repetition records the same.
    const outcome = results.map(({ id: transferId, status, cause }) => ({ id: transferId, status: status === 'exists' ? ('created' as const) : (cause ?? status) }));
    const status = outcome.every((one) => one.status === 'created') ? 'settled' : 'refused';
    await database.guard('settlement.result', () => database.prisma.$executeRaw`
      UPDATE settlements SET status = ${status}, totals = ${JSON.stringify(totalsJson(totals))}::jsonb, transfers = ${JSON.stringify(outcome)}::jsonb WHERE id = ${id} AND status = 'requested'`);
  }

  async find(id: string): Promise<SettlementJson | undefined> {
    const row = await find(this.#options.database.prisma, id);
    return row && viewOf(row);
  }

  /** By id. @param after id of the last one of the page before */
  async list(owner: string | undefined, after: string, limit: number): Promise<SettlementJson[]> {
    const rows = await this.#options.database.prisma.$queryRaw<Row[]>`
      SELECT id, account_id AS "accountId", asset, from_ms AS "fromMs", to_ms AS "toMs", schedule, status, totals, transfers FROM settlements
      WHERE (${owner ?? null}::text IS NULL OR owner = ${owner ?? null}) AND id > ${after} ORDER BY id LIMIT ${limit}`;
    return rows.map(viewOf);
  }
}

async function find(reader: Pick<Transaction, '$queryRaw'>, id: string): Promise<Row | undefined> {
  const [row] = await reader.$queryRaw<Row[]>`SELECT id, account_id AS "accountId", asset, from_ms AS "fromMs", to_ms AS "toMs", schedule, status, totals, transfers FROM settlements WHERE id = ${id}`;
  return row;
}

function assertSame(row: Row, { accountId, fromMs, toMs }: SettlementRequest): void {
  if (row.accountId !== accountId || Number(row.fromMs) !== fromMs || Number(row.toMs) !== toMs) throw new BoopError('idempotency.other-body', 'a settlement of this id has another account or period');
}

const runOf = ({ id, accountId, asset, fromMs, toMs, schedule }: Row): Run => ({ id, accountId, asset, fromMs: Number(fromMs), toMs: Number(toMs), schedule: parseFeeSchedule(schedule) });

const viewOf = ({ id, accountId, asset, fromMs, toMs, status, totals, transfers }: Row): SettlementJson => ({
  id,
  accountId,
  asset,
  fromMs: Number(fromMs),
  toMs: Number(toMs),
  status,
  ...(totals ? { totals } : {}),
  ...(transfers ? { transfers } : {}),
});

const totalsJson = ({ gross, returned, fees, net, byCode }: SettlementTotals): SettlementJson['totals'] => ({
  gross: String(gross),
  returned: String(returned),
  fees: String(fees),
  net: String(net),
  byCode: byCode.map((one) => ({ code: one.code, count: one.count, credits: String(one.credits), debits: String(one.debits), fees: String(one.fees) })),
});
