import { idField } from '@boop/identity';
import { z } from 'zod';

/** Where the money of a payment context is: reserved while the nodes sign, then posted; or given back, or never there. */
export const paymentStatuses = ['reserving', 'reserved', 'posted', 'voided', 'refused'] as const;

const amount = z.number().int().positive().max(Number.MAX_SAFE_INTEGER);

/** The ledger's side of a payment context. */
export const paymentSchema = z.strictObject({
  status: z.enum(paymentStatuses),
  amount,
  currency: z.string(),
  /** The reservation in the ledger, under the vendor's name. */
  reservation: z.string(),
  /** The transfer that moved the money. */
  transfer: z.string().optional(),
  /** Sum of all refunds so far. */
  refunded: z.number().int().min(0),
});
export type Payment = z.infer<typeof paymentSchema>;

/** `POST /v1/authentications/{id}/refunds`; the id makes a repetition harmless. Without an amount all that is left. */
export const createRefundSchema = z.strictObject({ refundId: idField.max(32), amount: amount.optional() });
export type CreateRefund = z.infer<typeof createRefundSchema>;

export const refundSchema = z.strictObject({ refundId: idField, authenticationId: idField, amount, currency: z.string(), status: z.enum(['pending', 'posted', 'refused']), transfer: z.string() });
export type Refund = z.infer<typeof refundSchema>;
