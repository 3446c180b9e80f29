import { sha256 } from '@noble/hashes/sha2.js';
import { BoopError, canonicalJson, toBase64Url } from '@boop/shared';
import { z } from 'zod';
import { bytesField, idField, secondsField } from '../encoding.ts';
import { ownerSignatureSchema, verifyOwnerSignature } from './owner-signature.ts';

export const erasureRequestDomain = 'boop-erasure-request/1';

/** A person has all attributes, consents and what opens their commitments deleted. The palm's registration is not touched by it. */
export const erasureRequestSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('erasure-request'),
  networkId: idField,
  accountKey: bytesField(32),
  scope: z.literal('attributes-and-consents'),
  requestedAt: secondsField,
  nonce: bytesField(32),
});
export type ErasureRequest = z.infer<typeof erasureRequestSchema>;
export const signedErasureRequestSchema = z.strictObject({ record: erasureRequestSchema, signed: ownerSignatureSchema });
export type SignedErasureRequest = z.infer<typeof signedErasureRequestSchema>;

export const erasureRequestBytes = (record: ErasureRequest): Uint8Array => canonicalJson(record);
export const erasureRequestHash = (record: ErasureRequest): string => toBase64Url(sha256(erasureRequestBytes(record)));

/** @throws BoopError `erasure.wrong-network`, `owner.bad-signature`, `passkey.invalid` */
export function verifyErasureRequest({ record, signed }: SignedErasureRequest, expected: { networkId: string }): void {
  if (record.networkId !== expected.networkId) throw new BoopError('erasure.wrong-network', 'the request is for another network');
  verifyOwnerSignature(erasureRequestDomain, erasureRequestBytes(record), signed, { networkId: record.networkId, accountKey: record.accountKey, at: record.requestedAt });
}
