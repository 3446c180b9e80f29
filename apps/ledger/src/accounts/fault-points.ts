import { type FaultHook } from '@boop/platform';

/** Every write of the accounts, by name, in order; a `commit` ends a transaction. */
export const ACCOUNT_FAULT_POINTS = [
  'accounts.insert',
  'transfers.head',
  'transfers.rows',
  'transfers.entries',
  'transfers.balances',
  'transfers.totals',
  'transfers.reservations',
  'transfers.released',
  'transfers.failed',
  'transfers.commit',
  'expiry.commit',
  'batch.insert',
  'batch.append',
  'batch.placed',
  'balances.insert',
  'settlement.insert',
  'settlement.commit',
  'settlement.fence',
  'settlement.transfers',
  'settlement.result',
] as const;
export type AccountFaultPoint = (typeof ACCOUNT_FAULT_POINTS)[number];

export type AccountFaultHook = FaultHook<AccountFaultPoint>;
