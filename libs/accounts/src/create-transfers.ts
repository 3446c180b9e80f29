import { AMOUNT_MAX } from './amount.ts';
import { expiryIdOf } from './ids.ts';
import { type LedgerState } from './ledger-state.ts';
import { type Account, expiresAtMs, type MoveRequest, type ResolveRequest, type Transfer, type TransferRequest, type TransferResult } from './model.ts';
import { isSettled, type TransferStatus, usesUpId } from './status.ts';

/**
 * Decides the transfers of one request in order and writes those that succeed into the state. Each result is the first status of
 * `TRANSFER_STATUSES` that applies. A chain (transfers joined by `linked`) is created whole or not at all: the first that
 * fails says why, the others `linked_event_failed`. A chain that exists whole, as asked for, is `exists` throughout.
 */
export function createTransfers(state: LedgerState, request: readonly TransferRequest[]): TransferResult[] {
  return chainsOf(request).flatMap((chain) => createChain(state, chain));
}

/** Releases reservations whose time is over, in the order given. Others among them, and those that ended before, are left alone. */
export function expireTransfers(state: LedgerState, pendingIds: readonly string[]): Transfer[] {
  return pendingIds.flatMap((id): Transfer[] => {
    const pending = state.transfer(id);
    if (!pending || !isLapsed(pending, state.nowMs) || state.resolution(id)) return [];
    const { debitAccount, creditAccount, amount, asset, code } = pending;
    const transfer: Transfer = { id: expiryIdOf(id), ...stamp(state), kind: 'expire', debitAccount, creditAccount, amount, asset, code, pendingId: id, timeoutSeconds: 0, reference: '' };
    state.add(transfer);
    return [transfer];
  });
}

function chainsOf(request: readonly TransferRequest[]): TransferRequest[][] {
  const chains: TransferRequest[][] = [];
  let isOpen = false;
  for (const one of request) {
    if (isOpen) chains.at(-1)!.push(one);
    else chains.push([one]);
    isOpen = one.linked === true;
  }
  return chains;
}

function createChain(state: LedgerState, chain: readonly TransferRequest[]): TransferResult[] {
  const last = chain.length - 1;
  const failAt = (culprit: number, result: TransferResult): TransferResult[] => chain.map(({ id }, at) => (at === culprit ? result : { id, status: 'linked_event_failed' }));
  if (chain[last]!.linked) return failAt(last, { id: chain[last]!.id, status: 'linked_event_chain_open' });
  const known = chain.map((one) => compareWithExisting(state, one));
  if (known.every((status) => status === 'exists')) return chain.map(({ id }) => ({ id, status: 'exists', transfer: state.transfer(id)! }));

  const mark = state.mark();
  const results: TransferResult[] = [];
  for (const [at, one] of chain.entries()) {
    const result = createOne(state, one);
    if (result.status === 'created') {
      results.push(result);
      continue;
    }
    state.rollback(mark);
    if (usesUpId(result.status)) state.fail(one.id, result.status);
    // What was found in the chain itself is gone with it.
    return failAt(at, result.transfer && !state.transfer(one.id) ? { id: one.id, status: result.status } : result);
  }
  return results;
}

function createOne(state: LedgerState, request: TransferRequest): TransferResult {
  const { id } = request;
  const existing = compareWithExisting(state, request);
  if (existing) return { id, status: existing, ...(isSettled(existing) ? { transfer: state.transfer(id)! } : {}) };
  const cause = state.failure(id);
  if (cause) return { id, status: 'id_already_failed', cause };
  const made = isMove(request) ? move(state, request) : resolve(state, request);
  if (typeof made === 'string') return { id, status: made };
  state.add(made);
  return { id, status: 'created', transfer: made };
}

function compareWithExisting(state: LedgerState, request: TransferRequest): TransferStatus | undefined {
  const existing = state.transfer(request.id);
  if (!existing) return undefined;
  if (existing.kind !== request.kind) return 'exists_with_different_kind';
  if (!isMove(request) && existing.pendingId !== request.pendingId) return 'exists_with_different_pending_id';
  if (isMove(request)) {
    if (existing.timeoutSeconds !== (request.timeoutSeconds ?? 0)) return 'exists_with_different_timeout';
    if (existing.debitAccount !== request.debitAccount) return 'exists_with_different_debit_account';
    if (existing.creditAccount !== request.creditAccount) return 'exists_with_different_credit_account';
    if (existing.asset !== request.asset) return 'exists_with_different_asset';
    if (existing.code !== request.code) return 'exists_with_different_code';
  }
  const amount = request.amount ?? state.transfer(existing.pendingId!)!.amount;
  if (existing.amount !== amount) return 'exists_with_different_amount';
  if (existing.reference !== (request.reference ?? '')) return 'exists_with_different_reference';
  return 'exists';
}

const isMove = (request: TransferRequest): request is MoveRequest => request.kind === 'single' || request.kind === 'pending';

function move(state: LedgerState, request: MoveRequest): Transfer | TransferStatus {
  const { id, kind, debitAccount, creditAccount, amount, asset, code, timeoutSeconds = 0, reference = '' } = request;
  if (amount < 1n || amount > AMOUNT_MAX) return 'amount_out_of_range';
  if (debitAccount === creditAccount) return 'accounts_must_be_different';
  const debit = state.account(debitAccount);
  if (!debit) return 'debit_account_not_found';
  const credit = state.account(creditAccount);
  if (!credit) return 'credit_account_not_found';
  if (debit.asset !== credit.asset) return 'accounts_must_have_the_same_asset';
  if (debit.asset !== asset) return 'transfer_must_have_the_same_asset_as_accounts';
  const refusal = overflow(kind, amount, debit, credit) ?? limit(amount, debit, credit);
  return refusal ?? { id, ...stamp(state), kind, debitAccount, creditAccount, amount, asset, code, pendingId: null, timeoutSeconds, reference };
}

function resolve(state: LedgerState, { id, kind, pendingId, amount, reference = '' }: ResolveRequest): Transfer | TransferStatus {
  if (amount !== undefined && (amount < 1n || amount > AMOUNT_MAX)) return 'amount_out_of_range';
  if (pendingId === id) return 'pending_id_must_be_different';
  const pending = state.transfer(pendingId);
  if (!pending) return 'pending_transfer_not_found';
  if (pending.kind !== 'pending') return 'pending_transfer_not_pending';
  const ended = state.resolution(pendingId)?.kind;
  if (ended === 'post') return 'pending_transfer_already_posted';
  if (ended === 'void') return 'pending_transfer_already_voided';
  if (ended === 'expire' || isLapsed(pending, state.nowMs)) return 'pending_transfer_expired';
  if (amount !== undefined && amount > pending.amount) return 'exceeds_pending_transfer_amount';
  if (kind === 'void' && amount !== undefined && amount !== pending.amount) return 'pending_transfer_has_different_amount';
  const { debitAccount, creditAccount, asset, code } = pending;
  return { id, ...stamp(state), kind, debitAccount, creditAccount, amount: amount ?? pending.amount, asset, code, pendingId, timeoutSeconds: 0, reference };
}

const isLapsed = (pending: Transfer, nowMs: number): boolean => (expiresAtMs(pending) ?? Infinity) <= nowMs;

const stamp = (state: LedgerState): { sequence: bigint; atMs: number } => ({ sequence: state.nextSequence, atMs: state.nowMs });

/** Ending a reservation can't overflow: pending and posted together were within bounds when it was made. */
function overflow(kind: 'single' | 'pending', amount: bigint, { balances: debit }: Account, { balances: credit }: Account): TransferStatus | undefined {
  const over = (...parts: bigint[]): boolean => parts.reduce((sum, part) => sum + part, amount) > AMOUNT_MAX;
  if (kind === 'pending' && over(debit.debitsPending)) return 'overflows_debits_pending';
  if (kind === 'pending' && over(credit.creditsPending)) return 'overflows_credits_pending';
  if (over(debit.debitsPosted)) return 'overflows_debits_posted';
  if (over(credit.creditsPosted)) return 'overflows_credits_posted';
  if (over(debit.debitsPending, debit.debitsPosted)) return 'overflows_debits';
  return over(credit.creditsPending, credit.creditsPosted) ? 'overflows_credits' : undefined;
}

function limit(amount: bigint, { balances: debit, debitLimit }: Account, { balances: credit, creditLimit }: Account): TransferStatus | undefined {
  if (debitLimit !== null && debit.debitsPending + debit.debitsPosted + amount > debit.creditsPosted + debitLimit) return 'exceeds_credits';
  return creditLimit !== null && credit.creditsPending + credit.creditsPosted + amount > credit.debitsPosted + creditLimit ? 'exceeds_debits' : undefined;
}
