import { randomBytes } from 'node:crypto';
import { type Account, type AccountStatus, type Balances, effectOf, type NewAccount, ownerOf, type SettlementLine, type StatementLine, type Transfer, ZERO_BALANCES } from '@boop/accounts';
import { Prisma } from '../generated/prisma/client.ts';
import { type AccountsDatabase, type Transaction } from './accounts-database.ts';
import { ACCOUNT_COLUMNS, accountOf, type AccountRow, BALANCE_COLUMNS, balancesOf, TRANSFER_COLUMNS, transferOf, type TransferRow } from './rows.ts';

const accountColumns = Prisma.raw(ACCOUNT_COLUMNS);
const transferColumns = Prisma.raw(TRANSFER_COLUMNS);
const balanceColumns = Prisma.raw(BALANCE_COLUMNS);

export interface ReportRow {
  readonly accountId: string;
  readonly day: string;
  readonly code: string;
  readonly asset: string;
  readonly creditCount: bigint;
  readonly credits: bigint;
  readonly debitCount: bigint;
  readonly debits: bigint;
}

/** Accounts and what is read of their history. Every read is of committed rows. */
export class AccountStore {
  readonly #database: AccountsDatabase;

  constructor(database: AccountsDatabase) {
    this.#database = database;
  }

  get #prisma(): AccountsDatabase['prisma'] {
    return this.#database.prisma;
  }

  /** An account that is there already stays as it is. */
  async create(accounts: readonly NewAccount[]): Promise<AccountStatus[]> {
    const rows = accounts.map(({ id, asset, debitLimit, creditLimit }) => ({
      owner: ownerOf(id), id, asset, debit_limit: debitLimit?.toString() ?? null, credit_limit: creditLimit?.toString() ?? null, opening: `\\x${randomBytes(32).toString('hex')}`,
    }));
    const inserted = await this.#database.guard('accounts.insert', () => this.#prisma.$queryRaw<{ id: string }[]>`
      INSERT INTO accounts (owner, id, asset, debit_limit, credit_limit, opening)
      SELECT owner, id, asset, debit_limit, credit_limit, opening FROM json_populate_recordset(NULL::accounts, ${JSON.stringify(rows)}::json)
      ON CONFLICT DO NOTHING RETURNING id`);
    const fresh = new Set(inserted.map(({ id }) => id));
    const known = new Map((await this.#read(accounts.map(({ id }) => id))).map((account) => [account.id, account]));
    return accounts.map((wanted) => {
      // Of two with one id in one request only the first can have been created.
      if (fresh.delete(wanted.id)) return 'created';
      const { asset, debitLimit, creditLimit } = known.get(wanted.id)!;
      if (asset !== wanted.asset) return 'exists_with_different_asset';
      return debitLimit === wanted.debitLimit && creditLimit === wanted.creditLimit ? 'exists' : 'exists_with_different_limits';
    });
  }

  async find(id: string): Promise<Account | undefined> {
    return (await this.#read([id]))[0];
  }

  async #read(ids: readonly string[]): Promise<Account[]> {
    const rows = await this.#prisma.$queryRaw<AccountRow[]>`SELECT ${accountColumns} FROM accounts WHERE (owner, id) IN (SELECT * FROM unnest(${ids.map(ownerOf)}::text[], ${ids}::text[]))`;
    return rows.map(accountOf);
  }

  /** By owner and id. @param after id of the last account of the page before */
  async list(owner: string | undefined, after: string, limit: number): Promise<Account[]> {
    const rows = await this.#prisma.$queryRaw<AccountRow[]>`
      SELECT ${accountColumns} FROM accounts
      WHERE (${owner ?? null}::text IS NULL OR owner = ${owner ?? null}) AND (owner, id) > (${ownerOf(after)}, ${after}) ORDER BY owner, id LIMIT ${limit}`;
    return rows.map(accountOf);
  }

  /** Sequence of the last transfer before a moment, 0 when there is none. */
  async sequenceBefore(atMs: number): Promise<bigint> {
    const [row] = await this.#prisma.$queryRaw<{ sequence: bigint }[]>`SELECT sequence FROM transfers WHERE at_ms < ${atMs} ORDER BY at_ms DESC, sequence DESC LIMIT 1`;
    return row?.sequence ?? 0n;
  }

  /** Balances after the transfer of this sequence. */
  async balancesAt(accountId: string, sequence: bigint): Promise<Balances> {
    const [row] = await this.#prisma.$queryRaw<Balances[]>`
      SELECT ${balanceColumns} FROM account_entries WHERE owner = ${ownerOf(accountId)} AND account_id = ${accountId} AND sequence <= ${sequence} ORDER BY sequence DESC LIMIT 1`;
    return row ? balancesOf(row) : ZERO_BALANCES;
  }

  /** Lines after `from` up to and including `to`, oldest first. */
  async lines(accountId: string, from: bigint, to: bigint, limit: number): Promise<StatementLine[]> {
    const rows = await this.#prisma.$queryRaw<(Balances & { sequence: bigint; atMs: bigint; transferId: string; kind: Transfer['kind']; code: string; side: 'debit' | 'credit'; counterparty: string; amount: bigint; pendingAmount: bigint | null; reference: string })[]>`
      SELECT e.sequence, t.at_ms AS "atMs", t.id AS "transferId", t.kind, t.code, e.side, CASE e.side WHEN 'debit' THEN t.credit_account ELSE t.debit_account END AS counterparty,
        t.amount, p.amount AS "pendingAmount", t.reference,
        e.debits_pending AS "debitsPending", e.debits_posted AS "debitsPosted", e.credits_pending AS "creditsPending", e.credits_posted AS "creditsPosted"
      FROM account_entries e JOIN transfers t ON t.sequence = e.sequence LEFT JOIN transfers p ON p.id = t.pending_id
      WHERE e.owner = ${ownerOf(accountId)} AND e.account_id = ${accountId} AND e.sequence > ${from} AND e.sequence <= ${to} ORDER BY e.sequence LIMIT ${limit}`;
    return rows.map(({ amount, pendingAmount, atMs, ...row }) => ({
      sequence: row.sequence, atMs: Number(atMs), transferId: row.transferId, kind: row.kind, code: row.code, side: row.side, counterparty: row.counterparty,
      ...effectOf({ kind: row.kind, amount }, pendingAmount ?? 0n), reference: row.reference, balances: balancesOf(row),
    }));
  }

  /** What moved on an account, equal amounts together. */
  async settlementLines(accountId: string, from: bigint, to: bigint): Promise<SettlementLine[]> {
    const rows = await this.#prisma.$queryRaw<{ code: string; side: 'debit' | 'credit'; amount: bigint; count: bigint }[]>`
      SELECT t.code, e.side, t.amount, count(*) AS count FROM account_entries e JOIN transfers t ON t.sequence = e.sequence
      WHERE e.owner = ${ownerOf(accountId)} AND e.account_id = ${accountId} AND e.sequence > ${from} AND e.sequence <= ${to} AND t.kind IN ('single', 'post')
      GROUP BY t.code, e.side, t.amount`;
    return rows.map((row) => ({ ...row, count: Number(row.count) }));
  }

  async transfer(id: string): Promise<{ transfer: Transfer; resolution: Transfer | undefined } | undefined> {
    const rows = await this.#prisma.$queryRaw<TransferRow[]>`SELECT ${transferColumns} FROM transfers WHERE id = ${id} UNION ALL SELECT ${transferColumns} FROM transfers WHERE pending_id = ${id}`;
    const transfers = rows.map(transferOf);
    const transfer = transfers.find((one) => one.id === id);
    return transfer && { transfer, resolution: transfers.find(({ pendingId }) => pendingId === id) };
  }

  /** An account's transfers, newest first. @param before sequence of the last one of the page before */
  async transfersOf(accountId: string, before: bigint, limit: number): Promise<Transfer[]> {
    const rows = await this.#prisma.$queryRaw<TransferRow[]>`
      SELECT ${transferColumns} FROM transfers WHERE sequence IN (
        SELECT sequence FROM account_entries WHERE owner = ${ownerOf(accountId)} AND account_id = ${accountId} AND sequence < ${before} ORDER BY sequence DESC LIMIT ${limit})
      ORDER BY sequence DESC`;
    return rows.map(transferOf);
  }

  /** Transfers in order, for hashing and for the check. */
  async journal(from: bigint, to: bigint, reader: Pick<Transaction, '$queryRaw'> = this.#prisma): Promise<Transfer[]> {
    const rows = await reader.$queryRaw<TransferRow[]>`SELECT ${transferColumns} FROM transfers WHERE sequence BETWEEN ${from} AND ${to} ORDER BY sequence`;
    return rows.map(transferOf);
  }

  async report(owner: string | undefined, fromDay: string, toDay: string, after: readonly [string, string, string], limit: number): Promise<ReportRow[]> {
    const [day, accountId, code] = after;
    return await this.#prisma.$queryRaw<ReportRow[]>`
      SELECT account_id AS "accountId", day::text AS day, code, asset, credit_count AS "creditCount", credits, debit_count AS "debitCount", debits FROM daily_totals
      WHERE (${owner ?? null}::text IS NULL OR owner = ${owner ?? null}) AND day BETWEEN ${fromDay}::date AND ${toDay}::date AND (day, account_id, code) > (${day}::date, ${accountId}, ${code})
      ORDER BY day, account_id, code LIMIT ${limit}`;
  }
}
