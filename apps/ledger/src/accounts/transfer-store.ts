import { type Account, type Changes, createTransfers, expireTransfers, LedgerState, ownerOf, type Transfer, type TransferRequest, type TransferResult, type TransferStatus } from '@boop/accounts';
import { type Clock } from '@boop/shared';
import { Prisma } from '../generated/prisma/client.ts';
import { type AccountsDatabase, type Transaction } from './accounts-database.ts';
import { type AccountFaultPoint } from './fault-points.ts';
import { ACCOUNT_COLUMNS, accountBalancesJsonRow, accountOf, type AccountRow, entryJsonRow, reservationJsonRow, totalsJsonRows, TRANSFER_COLUMNS, transferJsonRow, transferOf, type TransferRow } from './rows.ts';

/** A batch as it was decided, before it is committed; tests hold it against an oracle. */
export interface DecidedBatch {
  readonly batch: bigint;
  readonly nowMs: number;
  readonly requests: readonly (readonly TransferRequest[])[];
  readonly results: readonly (readonly TransferResult[])[];
  /** Reservations that ran out. */
  readonly expired: readonly string[];
}

export interface TransferStoreOptions {
  readonly database: AccountsDatabase;
  readonly clock: Clock;
  readonly onDecided?: (batch: DecidedBatch) => void;
}

interface Head {
  readonly sequence: bigint;
  readonly batch: bigint;
  readonly atMs: number;
}

const EXPIRED_PER_BATCH_MAX = 1_000;
const transferColumns = Prisma.raw(TRANSFER_COLUMNS);
const accountColumns = Prisma.raw(ACCOUNT_COLUMNS);

/**
 * Decides and writes transfers in batches, one commit a batch. The row lock on `accounts_head` puts batches of all processes into
 * one order; within a batch the order is that of the requests. Nothing is kept in memory from one batch to the next. When a call
 * rejects, the batch may or may not have been written: asking again with the same ids tells.
 */
export class TransferStore {
  readonly #options: TransferStoreOptions;

  constructor(options: TransferStoreOptions) {
    this.#options = options;
  }

  async create(requests: readonly (readonly TransferRequest[])[]): Promise<TransferResult[][]> {
    const { database, onDecided } = this.#options;
    return await database.transact('transfers.commit', async (transaction) => {
      const { head, nowMs } = await this.#lockHead(transaction);
      const state = await load(transaction, requests.flat(), head, nowMs);
      const results = requests.map((request) => createTransfers(state, request));
      onDecided?.({ batch: head.batch + 1n, nowMs, requests, results, expired: [] });
      await this.#write(transaction, head, state, 'transfers.head');
      return results;
    });
  }

  /** Releases reservations whose time is over, at most 1,000. @returns how many */
  async expireDue(): Promise<number> {
    const { database, onDecided } = this.#options;
    if (!(await this.#isSomethingDue())) return 0;
    return await database.transact('expiry.commit', async (transaction) => {
      const { head, nowMs } = await this.#lockHead(transaction);
      const due = await transaction.$queryRaw<{ id: string }[]>`
        SELECT id FROM open_reservations WHERE expires_at_ms <= ${nowMs} ORDER BY expires_at_ms, sequence LIMIT ${EXPIRED_PER_BATCH_MAX}`;
      const ids = due.map(({ id }) => id);
      const state = await loadByIds(transaction, ids, ids, [], head, nowMs);
      const expired = expireTransfers(state, ids);
      onDecided?.({ batch: head.batch + 1n, nowMs, requests: [], results: [], expired: ids });
      await this.#write(transaction, head, state, 'transfers.head');
      return expired.length;
    });
  }

  async #isSomethingDue(): Promise<boolean> {
    const nowMs = this.#options.clock.nowMs();
    const rows = await this.#options.database.prisma.$queryRaw<unknown[]>`SELECT 1 FROM open_reservations WHERE expires_at_ms <= ${nowMs} LIMIT 1`;
    return rows.length > 0;
  }

  async #lockHead(transaction: Transaction): Promise<{ head: Head; nowMs: number }> {
    const head = await lockHead(transaction);
    // Time stands still when the clock is set back.
    return { head, nowMs: Math.max(this.#options.clock.nowMs(), head.atMs) };
  }

  async #write(transaction: Transaction, head: Head, state: LedgerState, headPoint: AccountFaultPoint): Promise<void> {
    const changes = state.changes();
    const insert = async (point: AccountFaultPoint, rows: readonly object[], write: (json: string) => Prisma.PrismaPromise<number>): Promise<void> => {
      if (rows.length > 0) await this.#options.database.guard(point, () => write(JSON.stringify(rows)));
    };
    const { transfers, entries, accounts } = changes;
    await insert('transfers.rows', transfers.map(transferJsonRow), (json) => transaction.$executeRaw`INSERT INTO transfers SELECT * FROM json_populate_recordset(NULL::transfers, ${json}::json)`);
    await insert('transfers.entries', entries.map(entryJsonRow), (json) => transaction.$executeRaw`INSERT INTO account_entries SELECT * FROM json_populate_recordset(NULL::account_entries, ${json}::json)`);
    await insert('transfers.balances', accounts.map(accountBalancesJsonRow), (json) => transaction.$executeRaw`
      UPDATE accounts a SET debits_pending = b.debits_pending, debits_posted = b.debits_posted, credits_pending = b.credits_pending, credits_posted = b.credits_posted
      FROM json_populate_recordset(NULL::accounts, ${json}::json) b WHERE a.owner = b.owner AND a.id = b.id`);
    await insert('transfers.totals', totalsJsonRows(transfers), (json) => transaction.$executeRaw`
      INSERT INTO daily_totals AS d SELECT * FROM json_populate_recordset(NULL::daily_totals, ${json}::json)
      ON CONFLICT (owner, account_id, day, code) DO UPDATE SET credit_count = d.credit_count + EXCLUDED.credit_count, credits = d.credits + EXCLUDED.credits, debit_count = d.debit_count + EXCLUDED.debit_count, debits = d.debits + EXCLUDED.debits`);
    await this.#writeReservations(transaction, changes, insert);
    const failed = [...changes.failedIds].map(([id, status]) => ({ id, status, at_ms: state.nowMs }));
    await insert('transfers.failed', failed, (json) => transaction.$executeRaw`INSERT INTO failed_transfers SELECT * FROM json_populate_recordset(NULL::failed_transfers, ${json}::json)`);
    await this.#options.database.guard(headPoint, () => transaction.$executeRaw`UPDATE accounts_head SET sequence = ${changes.sequence}, batch = batch + 1, at_ms = ${state.nowMs} WHERE id = 1`);
    if (head.sequence + BigInt(transfers.length) !== changes.sequence) throw new Error('transfers are not numbered without gaps');
  }

  /** A reservation that is made and ended in one batch leaves nothing here. */
  async #writeReservations(transaction: Transaction, { transfers }: Changes, insert: (point: AccountFaultPoint, rows: readonly object[], write: (json: string) => Prisma.PrismaPromise<number>) => Promise<void>): Promise<void> {
    const ended = new Set(transfers.flatMap(({ pendingId }) => pendingId ?? []));
    const made = transfers.filter(({ id, kind }) => kind === 'pending' && !ended.has(id));
    await insert('transfers.reservations', made.map(reservationJsonRow), (json) => transaction.$executeRaw`INSERT INTO open_reservations SELECT * FROM json_populate_recordset(NULL::open_reservations, ${json}::json)`);
    if (ended.size > 0) await this.#options.database.guard('transfers.released', () => transaction.$executeRaw`DELETE FROM open_reservations WHERE id = ANY(${[...ended]}::text[])`);
  }
}

/** Waits for the batch before, of whichever process. */
export async function lockHead(transaction: Transaction): Promise<Head> {
  const [row] = await transaction.$queryRaw<{ sequence: bigint; batch: bigint; atMs: bigint }[]>`SELECT sequence, batch, at_ms AS "atMs" FROM accounts_head WHERE id = 1 FOR UPDATE`;
  return { sequence: row!.sequence, batch: row!.batch, atMs: Number(row!.atMs) };
}

async function load(transaction: Transaction, requests: readonly TransferRequest[], head: Head, nowMs: number): Promise<LedgerState> {
  const pendingIds = requests.flatMap((request) => ('pendingId' in request ? request.pendingId : []));
  const accountIds = requests.flatMap((request) => ('debitAccount' in request ? [request.debitAccount, request.creditAccount] : []));
  return await loadByIds(transaction, [...requests.map(({ id }) => id), ...pendingIds], pendingIds, accountIds, head, nowMs);
}

async function loadByIds(transaction: Transaction, ids: readonly string[], pendingIds: readonly string[], accountIds: readonly string[], head: Head, nowMs: number): Promise<LedgerState> {
  const [transfers, resolutions] = await loadTransfers(transaction, ids, pendingIds);
  const failed = await transaction.$queryRaw<{ id: string; status: TransferStatus }[]>`SELECT id, status FROM failed_transfers WHERE id = ANY(${ids}::text[])`;
  const reserving = transfers.filter(({ kind }) => kind === 'pending').flatMap(({ debitAccount, creditAccount }) => [debitAccount, creditAccount]);
  const accounts = await loadAccounts(transaction, [...new Set([...accountIds, ...reserving])]);
  return new LedgerState({ accounts, transfers, resolutions, failedIds: new Map(failed.map(({ id, status }) => [id, status])), sequence: head.sequence, nowMs });
}

async function loadTransfers(transaction: Transaction, ids: readonly string[], pendingIds: readonly string[]): Promise<[Transfer[], Transfer[]]> {
  const known = await transaction.$queryRaw<TransferRow[]>`SELECT ${transferColumns} FROM transfers WHERE id = ANY(${ids}::text[])`;
  if (pendingIds.length === 0) return [known.map(transferOf), []];
  const ended = await transaction.$queryRaw<TransferRow[]>`SELECT ${transferColumns} FROM transfers WHERE pending_id = ANY(${pendingIds}::text[])`;
  return [known.map(transferOf), ended.map(transferOf)];
}

async function loadAccounts(transaction: Transaction, ids: readonly string[]): Promise<Account[]> {
  const rows = await transaction.$queryRaw<AccountRow[]>`
    SELECT ${accountColumns} FROM accounts WHERE (owner, id) IN (SELECT * FROM unnest(${ids.map(ownerOf)}::text[], ${ids}::text[]))`;
  return rows.map(accountOf);
}
