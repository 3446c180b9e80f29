import { BoopError, canonicalJson } from '@boop/shared';
import { z } from 'zod';
import { type OwnerSignature, ownerSignatureSchema, verifyOwnerSignature } from '../consent/owner-signature.ts';
import { bytesField, idField, secondsField } from '../encoding.ts';

export const credentialStatusDomain = 'boop-credential-status/1';

/** Values of the Token Status List (draft-ietf-oauth-status-list section 7.1). */
export const credentialStatusValues = { valid: 0, invalid: 1, suspended: 2 } as const;
export const credentialStatuses = ['valid', 'invalid', 'suspended'] as const;
export type CredentialStatus = (typeof credentialStatuses)[number];

/** The owner changes the status of a credential; `invalid` is for good. */
export const credentialStatusSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('credential-status'),
  networkId: idField,
  accountKey: bytesField(32),
  index: z.number().int().min(0).max(0xff_ffff),
  status: z.enum(credentialStatuses),
  changedAt: secondsField,
  nonce: bytesField(16),
});
export type CredentialStatusChange = z.infer<typeof credentialStatusSchema>;
export const signedCredentialStatusSchema = z.strictObject({ record: credentialStatusSchema, signed: ownerSignatureSchema });
export type SignedCredentialStatus = z.infer<typeof signedCredentialStatusSchema>;

export const credentialStatusBytes = (record: CredentialStatusChange): Uint8Array => canonicalJson(record);
export const signedCredentialStatus = (record: CredentialStatusChange, signed: OwnerSignature): SignedCredentialStatus => ({ record, signed });

/** @throws BoopError `credential.wrong-network`, `owner.bad-signature`, `passkey.invalid` */
export function verifyCredentialStatus({ record, signed }: SignedCredentialStatus, expected: { networkId: string }): void {
  if (record.networkId !== expected.networkId) throw new BoopError('credential.wrong-network', 'the change is for another network');
  verifyOwnerSignature(credentialStatusDomain, credentialStatusBytes(record), signed, { networkId: record.networkId, accountKey: record.accountKey, at: record.changedAt });
}
