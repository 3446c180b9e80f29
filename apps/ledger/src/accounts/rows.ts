import { type Account, type AccountEntry, type Balances, expiresAtMs, ownerOf, type Transfer } from '@boop/accounts';

/** Columns of each table under the names of the model. */
export const TRANSFER_COLUMNS = `id, sequence, at_ms AS "atMs", kind, debit_account AS "debitAccount", credit_account AS "creditAccount", amount, asset, code, pending_id AS "pendingId", timeout_seconds AS "timeoutSeconds", reference`;
export const BALANCE_COLUMNS = `debits_pending AS "debitsPending", debits_posted AS "debitsPosted", credits_pending AS "creditsPending", credits_posted AS "creditsPosted"`;
export const ACCOUNT_COLUMNS = `id, asset, debit_limit AS "debitLimit", credit_limit AS "creditLimit", ${BALANCE_COLUMNS}`;

export type TransferRow = Omit<Transfer, 'atMs' | 'timeoutSeconds'> & { readonly atMs: bigint; readonly timeoutSeconds: bigint };
export type AccountRow = Omit<Account, 'balances'> & Balances;

export const transferOf = (row: TransferRow): Transfer => ({ ...row, atMs: Number(row.atMs), timeoutSeconds: Number(row.timeoutSeconds) });
export const balancesOf = ({ debitsPending, debitsPosted, creditsPending, creditsPosted }: Balances): Balances => ({ debitsPending, debitsPosted, creditsPending, creditsPosted });
export const accountOf = (row: AccountRow): Account => ({ id: row.id, asset: row.asset, debitLimit: row.debitLimit, creditLimit: row.creditLimit, balances: balancesOf(row) });

/** Rows as PostgreSQL's json_populate_recordset takes them; 64-bit integers as strings. */
export const transferJsonRow = (transfer: Transfer): object => ({
  id: transfer.id,
  sequence: String(transfer.sequence),
  at_ms: transfer.atMs,
  kind: transfer.kind,
  debit_account: transfer.debitAccount,
  credit_account: transfer.creditAccount,
  amount: String(transfer.amount),
  asset: transfer.asset,
  code: transfer.code,
  pending_id: transfer.pendingId,
  timeout_seconds: transfer.timeoutSeconds,
  reference: transfer.reference,
});

const balancesJsonRow = (balances: Balances): object => ({
  debits_pending: String(balances.debitsPending),
  debits_posted: String(balances.debitsPosted),
  credits_pending: String(balances.creditsPending),
  credits_posted: String(balances.creditsPosted),
});

export const entryJsonRow = ({ accountId, sequence, side, balances }: AccountEntry): object => ({
  owner: ownerOf(accountId),
  account_id: accountId,
  sequence: String(sequence),
  side,
  ...balancesJsonRow(balances),
});

export const accountBalancesJsonRow = ({ id, balances }: Account): object => ({ owner: ownerOf(id), id, ...balancesJsonRow(balances) });

export const reservationJsonRow = (transfer: Transfer): object => ({ id: transfer.id, sequence: String(transfer.sequence), expires_at_ms: expiresAtMs(transfer) });

const DAY_MS = 86_400_000;

/** What a batch adds to the daily totals, one row a key: PostgreSQL refuses to touch a row twice in one statement. */
export function totalsJsonRows(transfers: readonly Transfer[]): object[] {
  const totals = new Map<string, { owner: string; account_id: string; day: string; code: string; asset: string; credit_count: number; credits: bigint; debit_count: number; debits: bigint }>();
  const of = (accountId: string, { atMs, code, asset }: Transfer) => {
    const day = new Date(Math.floor(atMs / DAY_MS) * DAY_MS).toISOString().slice(0, 10);
    const key = `${accountId} ${day} ${code}`;
    const total = totals.get(key) ?? { owner: ownerOf(accountId), account_id: accountId, day, code, asset, credit_count: 0, credits: 0n, debit_count: 0, debits: 0n };
    totals.set(key, total);
    return total;
  };
  for (const transfer of transfers.filter(({ kind }) => kind === 'single' || kind === 'post')) {
    const debit = of(transfer.debitAccount, transfer);
    debit.debit_count += 1;
    debit.debits += transfer.amount;
    const credit = of(transfer.creditAccount, transfer);
    credit.credit_count += 1;
    credit.credits += transfer.amount;
  }
  return [...totals.values()].map((total) => ({ ...total, credits: String(total.credits), debits: String(total.debits) }));
}
