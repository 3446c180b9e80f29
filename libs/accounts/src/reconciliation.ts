import { BoopError } from '@boop/shared';
import { parseAmount } from './amount.ts';
import { parseCsv } from './csv.ts';

/** One movement on an external statement, of a bank or a vendor's own books. */
export interface ExternalLine {
  readonly transferId: string;
  readonly side: 'debit' | 'credit';
  readonly amount: bigint;
}

export interface Reconciliation {
  readonly matched: number;
  /** Transfers that only the external statement has. */
  readonly missingHere: readonly string[];
  /** Transfers that only the ledger has. */
  readonly missingThere: readonly string[];
  readonly different: readonly { readonly transferId: string; readonly here: string; readonly there: string }[];
  /** Named more than once by the external statement; only the first is compared. */
  readonly repeated: readonly string[];
  /** External credits − debits, less ours. */
  readonly difference: bigint;
  readonly isBalanced: boolean;
}

export const RECONCILIATION_COLUMNS = ['transfer', 'side', 'amount'] as const;
const LIMITS = { rowsMax: 10_000, fieldMax: 200 } as const;

/** @throws BoopError `csv.malformed`, `csv.too-large`, `amount.malformed` */
export function parseExternalCsv(text: string): ExternalLine[] {
  return parseCsv(text, RECONCILIATION_COLUMNS, LIMITS).map(([transferId, side, amount]) => {
    if (side !== 'debit' && side !== 'credit') throw new BoopError('csv.malformed', 'a side is debit or credit');
    return { transferId: transferId!, side, amount: parseAmount(amount!) };
  });
}

/** Compares what moved on an account with an external statement of the same period, by transfer id. Linear in both. */
export function reconcile(ours: readonly ExternalLine[], theirs: readonly ExternalLine[]): Reconciliation {
  const here = new Map(ours.map((line) => [line.transferId, line]));
  const there = new Map<string, ExternalLine>();
  const repeated = new Set<string>();
  for (const line of theirs) {
    if (there.has(line.transferId)) repeated.add(line.transferId);
    else there.set(line.transferId, line);
  }
  const different: { transferId: string; here: string; there: string }[] = [];
  const missingHere: string[] = [];
  let matched = 0;
  for (const [transferId, line] of there) {
    const own = here.get(transferId);
    if (!own) missingHere.push(transferId);
    else if (own.amount === line.amount && own.side === line.side) matched++;
    else different.push({ transferId, here: describe(own), there: describe(line) });
  }
  const missingThere = [...here.keys()].filter((transferId) => !there.has(transferId));
  const difference = net(theirs) - net(ours);
  const isBalanced = missingHere.length + missingThere.length + different.length + repeated.size === 0;
  return { matched, missingHere, missingThere, different, repeated: [...repeated], difference, isBalanced };
}

const describe = ({ side, amount }: ExternalLine): string => `${side} ${amount}`;
const net = (lines: readonly ExternalLine[]): bigint => lines.reduce((sum, { side, amount }) => (side === 'credit' ? sum + amount : sum - amount), 0n);
