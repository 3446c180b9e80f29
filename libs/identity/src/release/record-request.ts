import { sha256 } from '@noble/hashes/sha2.js';
import { BoopError, canonicalJson, toBase64Url } from '@boop/shared';
import { z } from 'zod';
import { attributeNameSchema } from '../attributes/names.ts';
import { attributeVersionSchema } from '../attributes/record.ts';
import { type OwnerSignature, ownerSignatureSchema, signAsOwner, verifyOwnerSignature } from '../consent/owner-signature.ts';
import { bytesField, idField, secondsField } from '../encoding.ts';
import { type SigningKey } from '../keys.ts';

export const recordRequestDomain = 'boop-record-request/1';
/** A request lives at most so long, seconds. */
export const recordRequestLifeSeconds = 60;
const clockSkewSeconds = 5;

const common = {
  v: z.literal(1),
  kind: z.literal('record-request'),
  networkId: idField,
  accountKey: bytesField(32),
  attribute: attributeNameSchema,
  /** Fresh for each request; one is answered once. */
  nonce: bytesField(16),
  issuedAt: secondsField,
  expiresAt: secondsField,
};

/** What the owner's device asks of the nodes about one record. */
export const recordRequestSchema = z.discriminatedUnion('action', [
  /** The key of a version that is not written yet, for its writer: the owner's device or an issuer. */
  z.strictObject({ ...common, action: z.literal('write'), version: attributeVersionSchema, recipientKey: bytesField(32) }),
  /** The newest version, for the owner's device. */
  z.strictObject({ ...common, action: z.literal('read'), recipientKey: bytesField(32) }),
  /** The newest version, for the vendor of a consent, sealed to the key that the consent names. */
  z.strictObject({ ...common, action: z.literal('release'), consentId: idField, vendorId: idField, purpose: idField }),
]);
export type RecordRequest = z.infer<typeof recordRequestSchema>;
export type RecordAction = RecordRequest['action'];

export const signedRecordRequestSchema = z.strictObject({ record: recordRequestSchema, signed: ownerSignatureSchema });
export type SignedRecordRequest = z.infer<typeof signedRecordRequestSchema>;

export const recordRequestBytes = (record: RecordRequest): Uint8Array => canonicalJson(record);
/** Names a request, and what is released for it: SHA-256, base64url. */
export const recordRequestHash = (record: RecordRequest): string => toBase64Url(sha256(recordRequestBytes(record)));

export const requestRecord = (record: RecordRequest, accountKey: SigningKey): SignedRecordRequest => ({ record, signed: signAsOwner(recordRequestDomain, recordRequestBytes(record), accountKey) });
/** As {@link requestRecord}, with a signature that the owner's passkey made. */
export const requestWithPasskey = (record: RecordRequest, signed: OwnerSignature): SignedRecordRequest => ({ record, signed });

/**
 * Checks all but that the nonce is new, which takes a memory until the request expires.
 * @throws BoopError `release.wrong-network`, `release.stale-request`, `owner.bad-signature`, `passkey.invalid`
 */
export function verifyRecordRequest({ record, signed }: SignedRecordRequest, expected: { networkId: string; now: number }): void {
  const { networkId, accountKey, issuedAt, expiresAt } = record;
  if (networkId !== expected.networkId) throw new BoopError('release.wrong-network', 'the request is for another network');
  const inTime = issuedAt <= expected.now + clockSkewSeconds && expected.now < expiresAt && expiresAt - issuedAt <= recordRequestLifeSeconds;
  if (!inTime) throw new BoopError('release.stale-request', 'the request has expired, or the clock of the device is wrong');
  verifyOwnerSignature(recordRequestDomain, recordRequestBytes(record), signed, { networkId, accountKey, at: issuedAt });
}
