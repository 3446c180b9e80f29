import { BoopError } from '@boop/shared';
import { z } from 'zod';

/** Largest amount and largest balance, in minor units: what PostgreSQL's bigint holds. */
export const AMOUNT_MAX = 2n ** 63n - 1n;

/** Minor units as JSON carries them: a decimal string, since a JSON number is exact up to 2^53 only. No sign, no fraction, no leading zero. */
export const amountField = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,18})$/, { abort: true })
  .refine((text) => BigInt(text) <= AMOUNT_MAX, { message: 'must be at most 2^63 - 1' });

/** ISO 4217 code or another symbol of 3 to 12 characters; amounts are in its minor unit. */
export const assetField = z.string().regex(/^[A-Z][A-Z0-9]{2,11}$/);

/** @throws BoopError `amount.malformed` for anything but a decimal string in 0 … 2^63 − 1 */
export function parseAmount(text: string): bigint {
  if (!amountField.safeParse(text).success) throw new BoopError('amount.malformed', 'an amount is a decimal string of minor units, at most 2^63 - 1');
  return BigInt(text);
}
