import { type FeeSchedule, feeOf } from './fees.ts';
import { type TransferRequest } from './model.ts';

/** `count` transfers of one amount, each of which moved it to or from the account that is settled. */
export interface SettlementLine {
  readonly code: string;
  readonly side: 'debit' | 'credit';
  readonly amount: bigint;
  readonly count: number;
}

export interface SettlementTotals {
  /** Credits, all codes. */
  readonly gross: bigint;
  /** Debits, except payouts and fees of earlier settlements. */
  readonly returned: bigint;
  readonly fees: bigint;
  /** gross − returned − fees; what is paid out when positive. */
  readonly net: bigint;
  readonly byCode: readonly { readonly code: string; readonly count: number; readonly credits: bigint; readonly debits: bigint; readonly fees: bigint }[];
}

/** Codes of the transfers that a settlement makes; they are never settled themselves. */
export const FEE_CODE = 'settlement-fee';
export const PAYOUT_CODE = 'settlement-payout';

/** Adds up a period. Fees are taken on credits, one by one, so that the sum does not depend on how a day was batched. */
export function settle(lines: Iterable<SettlementLine>, schedule: FeeSchedule): SettlementTotals {
  const codes = new Map<string, { count: number; credits: bigint; debits: bigint; fees: bigint }>();
  for (const { code, side, amount, count } of lines) {
    const times = BigInt(count);
    if (code === FEE_CODE || code === PAYOUT_CODE) continue;
    const sums = codes.get(code) ?? { count: 0, credits: 0n, debits: 0n, fees: 0n };
    codes.set(code, sums);
    sums.count += count;
    if (side === 'debit') sums.debits += amount * times;
    else {
      sums.credits += amount * times;
      sums.fees += feeOf(schedule, code, amount) * times;
    }
  }
  const byCode = [...codes].map(([code, sums]) => ({ code, ...sums })).sort((a, b) => (a.code < b.code ? -1 : 1));
  const sum = (of: (one: (typeof byCode)[number]) => bigint): bigint => byCode.reduce((total, one) => total + of(one), 0n);
  const [gross, returned, fees] = [sum(({ credits }) => credits), sum(({ debits }) => debits), sum((one) => one.fees)];
  return { gross, returned, fees, net: gross - returned - fees, byCode };
}

/**
 * The transfers of a settlement: fees and payout as one chain. Their ids follow from the run's id alone, so that a run that is
 * repeated after a crash moves nothing twice. Nothing is paid out when the vendor owes.
 */
export function settlementTransfers(run: { readonly id: string; readonly accountId: string; readonly asset: string; readonly feeAccount: string; readonly payoutAccount: string }, { fees, net }: SettlementTotals): TransferRequest[] {
  const { id, accountId, asset, feeAccount, payoutAccount } = run;
  const parts = [
    { name: 'fee', creditAccount: feeAccount, amount: fees, code: FEE_CODE },
    { name: 'payout', creditAccount: payoutAccount, amount: net, code: PAYOUT_CODE },
  ].filter(({ amount }) => amount > 0n);
  return parts.map(({ name, creditAccount, amount, code }, at) => ({
    id: `network.settlement:${id}.${name}`,
    kind: 'single',
    linked: at < parts.length - 1,
    debitAccount: accountId,
    creditAccount,
    amount,
    asset,
    code,
    reference: id,
  }));
}
