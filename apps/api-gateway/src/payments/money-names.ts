import { createHash } from 'node:crypto';
import { lengthPrefixed, utf8 } from '@boop/shared';

/** Owner of the transfers of payments; no request may use it (ledger/money-access.ts). */
export const paymentsScope = 'network.payments';

/** A person's wallet within a sector: it joins nothing that the vendor's tokens don't join. @param sub pairwise, as in the token */
export function walletOf(networkId: string, sector: string, sub: string, currency: string): string {
  const hash = createHash('sha256').update(lengthPrefixed(utf8('boop-wallet/1'), utf8(networkId), utf8(sector), utf8(sub))).digest('base64url');
  return `person.p${hash}:${currency}`;
}

/** Where a vendor's payments arrive. */
export const tillOf = (vendorId: string, currency: string): string => `vendor.${vendorId}:${currency}`;

/** Names a context's attempt at the payer's money; the same in the ledger. */
export const paymentIdOf = (sessionId: string, attempt: number): string => `pay-${sessionId}-${attempt}`;

export const transferIdOf = {
  reservation: (paymentId: string): string => `${paymentsScope}:${paymentId}`,
  posting: (paymentId: string): string => `${paymentsScope}:${paymentId}.p`,
  /** Each try has its own: a `void` of what isn't there yet uses its id up. */
  voiding: (paymentId: string, attempt: number): string => `${paymentsScope}:${paymentId}.v${attempt}`,
  refund: (paymentId: string, refundId: string): string => `${paymentsScope}:r-${createHash('sha256').update(lengthPrefixed(utf8(paymentId), utf8(refundId))).digest('base64url')}`,
} as const;
