import { BoopError, canonicalJson, fromBase64Url, fromUtf8, toBase64Url } from '@boop/shared';
import { z } from 'zod';
import { bytesField, idField, secondsField } from '../encoding.ts';
import { type OwnerSignature, ownerSignatureSchema, verifyOwnerSignature } from './owner-signature.ts';

export const ownerRequestDomain = 'boop-owner-request/1';
/** How far the time of a request may be from the service's clock, seconds. */
export const ownerRequestSkewSeconds = 60;

/** What a person's device signs to read its own records: as RFC 9449 section 4.2 proves a key for one method and address, once. */
export const ownerRequestSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('owner-request'),
  networkId: idField,
  accountKey: bytesField(32),
  method: z.enum(['GET', 'POST']),
  /** Path of the request, without query. */
  path: z.string().regex(/^\/[A-Za-z0-9/._~-]{1,255}$/),
  issuedAt: secondsField,
  /** Fresh for each request. */
  nonce: bytesField(16),
});
export type OwnerRequest = z.infer<typeof ownerRequestSchema>;

export const signedOwnerRequestSchema = z.strictObject({ record: ownerRequestSchema, signed: ownerSignatureSchema });
export type SignedOwnerRequest = z.infer<typeof signedOwnerRequestSchema>;

export const ownerRequestBytes = (record: OwnerRequest): Uint8Array => canonicalJson(record);
export const signedOwnerRequest = (record: OwnerRequest, signed: OwnerSignature): SignedOwnerRequest => ({ record, signed });

/** `Authorization: Boop-Owner <token>`. */
export const ownerAuthorization = (request: SignedOwnerRequest): string => `Boop-Owner ${toBase64Url(canonicalJson(request))}`;

/** @throws BoopError `owner.malformed-request` */
export function parseOwnerAuthorization(header: string): SignedOwnerRequest {
  const [, token] = /^Boop-Owner ([A-Za-z0-9_-]{1,12000})$/i.exec(header) ?? [];
  try {
    return signedOwnerRequestSchema.parse(JSON.parse(fromUtf8(fromBase64Url(token!))));
  } catch {
    throw new BoopError('owner.malformed-request', 'the request is not signed as documented');
  }
}

/**
 * Checks all but freshness of the nonce, which takes a memory of {@link ownerRequestSkewSeconds} on both sides.
 * @throws BoopError `owner.wrong-request` (network, method, path), `owner.stale-request`, `owner.bad-signature`, `passkey.invalid`
 */
export function verifyOwnerRequest({ record, signed }: SignedOwnerRequest, expected: { networkId: string; method: string; path: string; now: number }): void {
  const same = record.networkId === expected.networkId && record.method === expected.method && record.path === expected.path;
  if (!same) throw new BoopError('owner.wrong-request', 'the signature is of another request');
  if (Math.abs(record.issuedAt - expected.now) > ownerRequestSkewSeconds) throw new BoopError('owner.stale-request', 'the request was signed too long ago, or the clock of the device is wrong');
  verifyOwnerSignature(ownerRequestDomain, ownerRequestBytes(record), signed, { networkId: record.networkId, accountKey: record.accountKey, at: record.issuedAt });
}
