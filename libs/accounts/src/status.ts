/**
 * What can become of a transfer, in order of descending precedence: of all that apply, the first is the answer. The order follows
 * TigerBeetle's `create_transfers`, which looks for the id first, so that a repetition is told from a mistake.
 */
export const TRANSFER_STATUSES = [
  'linked_event_failed',
  'linked_event_chain_open',
  'exists_with_different_kind',
  'exists_with_different_pending_id',
  'exists_with_different_timeout',
  'exists_with_different_debit_account',
  'exists_with_different_credit_account',
  'exists_with_different_asset',
  'exists_with_different_code',
  'exists_with_different_amount',
  'exists_with_different_reference',
  'exists',
  'id_already_failed',
  'amount_out_of_range',
  'accounts_must_be_different',
  'pending_id_must_be_different',
  'debit_account_not_found',
  'credit_account_not_found',
  'accounts_must_have_the_same_asset',
  'transfer_must_have_the_same_asset_as_accounts',
  'pending_transfer_not_found',
  'pending_transfer_not_pending',
  'pending_transfer_already_posted',
  'pending_transfer_already_voided',
  'pending_transfer_expired',
  'exceeds_pending_transfer_amount',
  'pending_transfer_has_different_amount',
  'overflows_debits_pending',
  'overflows_credits_pending',
  'overflows_debits_posted',
  'overflows_credits_posted',
  'overflows_debits',
  'overflows_credits',
  'exceeds_credits',
  'exceeds_debits',
  'created',
] as const;
export type TransferStatus = (typeof TRANSFER_STATUSES)[number];

/**
 * Failures that another moment might not repeat. They use the id up (`id_already_failed`), so that a client that lost the
 * answer and asks again is never charged for what it was told had failed.
 */
const MOMENTARY: ReadonlySet<TransferStatus> = new Set<TransferStatus>([
  'debit_account_not_found',
  'credit_account_not_found',
  'pending_transfer_not_found',
  'overflows_debits_pending',
  'overflows_credits_pending',
  'overflows_debits_posted',
  'overflows_credits_posted',
  'overflows_debits',
  'overflows_credits',
  'exceeds_credits',
  'exceeds_debits',
]);
export const usesUpId = (status: TransferStatus): boolean => MOMENTARY.has(status);

/** Whether the transfer stands in the ledger. */
export const isSettled = (status: TransferStatus): boolean => status === 'created' || status === 'exists';

/** What can become of an account that is asked for, in order of descending precedence. */
export const ACCOUNT_STATUSES = ['exists_with_different_asset', 'exists_with_different_limits', 'exists', 'created'] as const;
export type AccountStatus = (typeof ACCOUNT_STATUSES)[number];
