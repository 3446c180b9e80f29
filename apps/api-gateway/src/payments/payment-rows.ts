import { type Payment as PaymentView, type Refund } from '@boop/protocol';
import { type PaymentRow, type RefundRow } from '../generated/prisma/client.ts';
import { transferIdOf } from './money-names.ts';

export { type PaymentRow, type RefundRow } from '../generated/prisma/client.ts';

export type PaymentState = 'reserving' | 'reserved' | 'posting' | 'posted' | 'voiding' | 'voided' | 'refused';

/** One attempt at the money of a context. */
export interface Payment {
  readonly id: string;
  readonly vendorId: string;
  readonly authenticationId: string;
  readonly status: PaymentState;
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
  readonly payer: string;
  readonly payee: string;
}

/** What is on its way is still reserved. */
const shownAs: Record<PaymentState, PaymentView['status']> = { reserving: 'reserving', reserved: 'reserved', posting: 'reserved', posted: 'posted', voiding: 'reserved', voided: 'voided', refused: 'refused' };

export const refundedOf = (refunds: readonly Pick<RefundRow, 'status' | 'amount'>[]): number => refunds.filter(({ status }) => status !== 'refused').reduce((sum, { amount }) => sum + Number(amount), 0);

/** The vendor's view; it never names the payer's account. */
export function paymentViewOf(row: PaymentRow & { refunds: readonly RefundRow[] }): PaymentView {
  const status = row.status as PaymentState;
  return {
    status: shownAs[status],
    amount: Number(row.amount),
    currency: row.currency,
    reservation: transferIdOf.reservation(row.id),
    ...(status === 'posted' ? { transfer: transferIdOf.posting(row.id) } : {}),
    refunded: refundedOf(row.refunds),
  };
}

export const refundViewOf = (refund: RefundRow, payment: Pick<PaymentRow, 'authenticationId' | 'currency'>): Refund => ({
  refundId: refund.refundId,
  authenticationId: payment.authenticationId,
  amount: Number(refund.amount),
  currency: payment.currency,
  status: refund.status as Refund['status'],
  transfer: transferIdOf.refund(refund.paymentId, refund.refundId),
});
