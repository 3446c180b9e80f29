import { sha256 } from '@noble/hashes/sha2.js';
import { BoopError, canonicalJson, toBase64Url } from '@boop/shared';
import { z } from 'zod';
import { attributeNameSchema } from '../attributes/names.ts';
import { attributeVersionSchema } from '../attributes/record.ts';
import { type OwnerSignature, ownerSignatureSchema, verifyOwnerSignature } from '../consent/owner-signature.ts';
import { bytesField, idField, secondsField } from '../encoding.ts';

export const credentialRequestDomain = 'boop-credential-request/1';
export const credentialLifeSecondsMax = 90 * 86_400;
export const attributesPerCredentialMax = 32;

/** The holder's public key, to which presentations are bound (RFC 7800 `cnf`): Ed25519 (RFC 8037) or P-256 (RFC 7518). */
export const holderKeySchema = z.discriminatedUnion('kty', [
  z.strictObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: bytesField(32) }),
  z.strictObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: bytesField(32), y: bytesField(32) }),
]);
export type HolderKey = z.infer<typeof holderKeySchema>;

/** A person asks the nodes for a credential over attributes as they stand. Values appear in it nowhere: the nodes know their salted digests. */
export const credentialRequestSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('credential-request'),
  networkId: idField,
  accountKey: bytesField(32),
  holderKey: holderKeySchema,
  attributes: z.array(z.strictObject({ attribute: attributeNameSchema, version: attributeVersionSchema })).min(1).max(attributesPerCredentialMax),
  issuedAt: secondsField,
  expiresAt: secondsField,
  nonce: bytesField(32),
});
export type CredentialRequest = z.infer<typeof credentialRequestSchema>;
export const signedCredentialRequestSchema = z.strictObject({ record: credentialRequestSchema, signed: ownerSignatureSchema });
export type SignedCredentialRequest = z.infer<typeof signedCredentialRequestSchema>;

/** What the nodes hear of before they sign: the request and the place in the status list that the service gave it. */
export const registeredCredentialSchema = signedCredentialRequestSchema.extend({ index: z.number().int().min(0).max(0xff_ffff) });
export type RegisteredCredential = z.infer<typeof registeredCredentialSchema>;

export const credentialRequestBytes = (record: CredentialRequest): Uint8Array => canonicalJson(record);
export const credentialRequestHash = (record: CredentialRequest): string => toBase64Url(sha256(credentialRequestBytes(record)));
export const signedCredentialRequest = (record: CredentialRequest, signed: OwnerSignature): SignedCredentialRequest => ({ record, signed });

/** @throws BoopError `credential.wrong-network`, `credential.malformed` (times, an attribute twice), `owner.bad-signature`, `passkey.invalid` */
export function verifyCredentialRequest({ record, signed }: SignedCredentialRequest, expected: { networkId: string }): void {
  if (record.networkId !== expected.networkId) throw new BoopError('credential.wrong-network', 'the request is for another network');
  const { issuedAt, expiresAt, attributes } = record;
  const distinct = new Set(attributes.map(({ attribute }) => attribute)).size === attributes.length;
  if (!distinct || expiresAt <= issuedAt || expiresAt - issuedAt > credentialLifeSecondsMax) throw new BoopError('credential.malformed', 'the request has no time, too long a time, or names an attribute twice');
  verifyOwnerSignature(credentialRequestDomain, credentialRequestBytes(record), signed, { networkId: record.networkId, accountKey: record.accountKey, at: issuedAt });
}
