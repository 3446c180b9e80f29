import { type TransferStatus } from './status.ts';

/** Minor units; each in 0 … 2^63 − 1. Pending amounts are reserved and not moved. */
export interface Balances {
  readonly debitsPending: bigint;
  readonly debitsPosted: bigint;
  readonly creditsPending: bigint;
  readonly creditsPosted: bigint;
}

export const ZERO_BALANCES: Balances = { debitsPending: 0n, debitsPosted: 0n, creditsPending: 0n, creditsPosted: 0n };

export interface NewAccount {
  readonly id: string;
  readonly asset: string;
  /** By how much pending and posted debits together may exceed posted credits: 0 for a purse that can't be overdrawn; null: no limit. */
  readonly debitLimit: bigint | null;
  /** By how much pending and posted credits together may exceed posted debits; null: no limit. */
  readonly creditLimit: bigint | null;
}

export interface Account extends NewAccount {
  readonly balances: Balances;
}

interface Identified {
  /** Idempotency key: see `transferIdField`. */
  readonly id: string;
  /** Succeeds or fails together with the next transfer of the same request. */
  readonly linked?: boolean;
  /** Free text of the client, for statements. */
  readonly reference?: string;
}

export interface MoveRequest extends Identified {
  readonly kind: 'single' | 'pending';
  readonly debitAccount: string;
  readonly creditAccount: string;
  readonly amount: bigint;
  readonly asset: string;
  /** What the transfer is for (`payment`, `refund`, `fee` …); fees and reports go by it. */
  readonly code: string;
  /** For `pending` only; 0 or nothing: it never expires. */
  readonly timeoutSeconds?: number;
}

/** Accounts, asset and code are those of the pending transfer. */
export interface ResolveRequest extends Identified {
  readonly kind: 'post' | 'void';
  readonly pendingId: string;
  /** For `post`: the whole reservation when absent, else a part, and the rest is released. For `void`: absent, or the whole. */
  readonly amount?: bigint;
}

export type TransferRequest = MoveRequest | ResolveRequest;

/** A transfer as it stands in the ledger; it never changes. */
export interface Transfer {
  readonly id: string;
  /** Place in the one order of all transfers, from 1, without gaps. */
  readonly sequence: bigint;
  /** Milliseconds since the Unix epoch; never falls from one sequence to the next. */
  readonly atMs: number;
  readonly kind: 'single' | 'pending' | 'post' | 'void' | 'expire';
  readonly debitAccount: string;
  readonly creditAccount: string;
  /** What moved; for `pending` what is reserved, for `void` and `expire` what is released. */
  readonly amount: bigint;
  readonly asset: string;
  readonly code: string;
  /** The reservation that `post`, `void` and `expire` end; else null. */
  readonly pendingId: string | null;
  readonly timeoutSeconds: number;
  readonly reference: string;
}

export interface TransferResult {
  readonly id: string;
  readonly status: TransferStatus;
  /** The transfer that was created or exists. */
  readonly transfer?: Transfer;
  /** Why the id failed at first; with `id_already_failed` only. */
  readonly cause?: TransferStatus;
}

/** One side of a transfer: what an account's history consists of. */
export interface AccountEntry {
  readonly accountId: string;
  readonly sequence: bigint;
  readonly side: 'debit' | 'credit';
  /** After the transfer. */
  readonly balances: Balances;
}

/** When a reservation lapses; null: never. */
export const expiresAtMs = ({ kind, atMs, timeoutSeconds }: Pick<Transfer, 'kind' | 'atMs' | 'timeoutSeconds'>): number | null =>
  kind === 'pending' && timeoutSeconds > 0 ? atMs + timeoutSeconds * 1_000 : null;
