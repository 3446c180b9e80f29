import { BoopError, canonicalJson, fromBase64Url, fromUtf8, toBase64Url } from '@boop/shared';
import { z } from 'zod';
import { bytesField, idField, secondsField } from '../encoding.ts';
import { type OwnerSignature, ownerSignatureSchema, verifyOwnerSignature } from './owner-signature.ts';

export const ownerCallDomain = 'boop-owner-call/1';
/** How far the time of a request may be from the service's clock, seconds. */
export const ownerCallSkewSeconds = 60;

/** What a person's device signs to read its own records: as RFC 9449 section 4.2 proves a key for one method and address, once. */
export const ownerCallSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('owner-call'),
  networkId: idField,
  accountKey: bytesField(32),
  method: z.enum(['GET', 'POST']),
  /** Path of the request, without query. */
  path: z.string().regex(/^\/[A-Za-z0-9/._~-]{1,255}$/),
  issuedAt: secondsField,
  /** Fresh for each request. */
  nonce: bytesField(16),
});
export type OwnerCall = z.infer<typeof ownerCallSchema>;

export const signedOwnerCallSchema = z.strictObject({ record: ownerCallSchema, signed: ownerSignatureSchema });
export type SignedOwnerCall = z.infer<typeof signedOwnerCallSchema>;

export const ownerCallBytes = (record: OwnerCall): Uint8Array => canonicalJson(record);
export const signedOwnerCall = (record: OwnerCall, signed: OwnerSignature): SignedOwnerCall => ({ record, signed });

/** `Authorization: Boop-Owner <token>`. */
export const ownerAuthorization = (request: SignedOwnerCall): string => `Boop-Owner ${toBase64Url(canonicalJson(request))}`;

/** @throws BoopError `owner.malformed-call` */
export function parseOwnerAuthorization(header: string): SignedOwnerCall {
  const [, token] = /^Boop-Owner ([A-Za-z0-9_-]{1,12000})$/i.exec(header) ?? [];
  try {
    return signedOwnerCallSchema.parse(JSON.parse(fromUtf8(fromBase64Url(token!))));
  } catch {
    throw new BoopError('owner.malformed-call', 'the request is not signed as documented');
  }
}

/**
 * Checks all but freshness of the nonce, which takes a memory of {@link ownerCallSkewSeconds} on both sides.
 * @throws BoopError `owner.wrong-call` (network, method, path), `owner.stale-call`, `owner.bad-signature`, `passkey.invalid`
 */
export function verifyOwnerCall({ record, signed }: SignedOwnerCall, expected: { networkId: string; method: string; path: string; now: number }): void {
  const same = record.networkId === expected.networkId && record.method === expected.method && record.path === expected.path;
  if (!same) throw new BoopError('owner.wrong-call', 'the signature is of another request');
  if (Math.abs(record.issuedAt - expected.now) > ownerCallSkewSeconds) throw new BoopError('owner.stale-call', 'the request was signed too long ago, or the clock of the device is wrong');
  verifyOwnerSignature(ownerCallDomain, ownerCallBytes(record), signed, { networkId: record.networkId, accountKey: record.accountKey, at: record.issuedAt });
}
