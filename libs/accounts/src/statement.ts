import { formatCsv } from './csv.ts';
import { type Balances, type Transfer } from './model.ts';

export interface StatementLine {
  readonly sequence: bigint;
  readonly atMs: number;
  readonly transferId: string;
  readonly kind: Transfer['kind'];
  readonly code: string;
  readonly side: 'debit' | 'credit';
  readonly counterparty: string;
  /** What moved; 0 for reservations and their release. */
  readonly moved: bigint;
  /** Change of what is reserved. */
  readonly reserved: bigint;
  readonly reference: string;
  /** After the transfer. */
  readonly balances: Balances;
}

export interface Statement {
  readonly accountId: string;
  readonly asset: string;
  /** From `fromMs` inclusive to `toMs` exclusive. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly opening: Balances;
  readonly closing: Balances;
  readonly lines: readonly StatementLine[];
}

export const STATEMENT_COLUMNS = ['sequence', 'time', 'transfer', 'kind', 'code', 'side', 'counterparty', 'moved', 'reserved', 'reference', 'balance'] as const;

/** Posted credits less posted debits: what the ledger owes the account's owner. Negative when the owner owes. */
export const balanceOf = ({ creditsPosted, debitsPosted }: Balances): bigint => creditsPosted - debitsPosted;

export const statementCsv = ({ lines }: Statement): string =>
  formatCsv(
    STATEMENT_COLUMNS,
    lines.map(({ sequence, atMs, transferId, kind, code, side, counterparty, moved, reserved, reference, balances }) => [
      String(sequence), new Date(atMs).toISOString(), transferId, kind, code, side, counterparty, String(moved), String(reserved), reference, String(balanceOf(balances)),
    ]),
  );

/** What an account's line of a statement shows of a transfer. @param pendingAmount of the reservation that it ends */
export const effectOf = ({ kind, amount }: Pick<Transfer, 'kind' | 'amount'>, pendingAmount: bigint): Pick<StatementLine, 'moved' | 'reserved'> => ({
  moved: kind === 'single' || kind === 'post' ? amount : 0n,
  reserved: kind === 'pending' ? amount : -pendingAmount,
});
