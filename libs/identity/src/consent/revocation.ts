import { sha256 } from '@noble/hashes/sha2.js';
import { BoopError, canonicalJson, toBase64Url } from '@boop/shared';
import { z } from 'zod';
import { bytesField, idField, secondsField } from '../encoding.ts';
import { type SigningKey } from '../keys.ts';
import { type ConsentGrant, consentGrantHash } from './grant.ts';
import { ownerSignatureSchema, signAsOwner, verifyOwnerSignature } from './owner-signature.ts';

export const consentRevocationDomain = 'boop-consent-revocation/1';

/** Ends a consent, whatever grant stands under its id: also one that the person did not know of when signing. Never undone. */
export const consentRevocationSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('consent-revocation'),
  networkId: idField,
  consentId: idField,
  accountKey: bytesField(32),
  /** Hash of the grant that the person saw. */
  grant: bytesField(32),
  revokedAt: secondsField,
  nonce: bytesField(32),
});
export type ConsentRevocation = z.infer<typeof consentRevocationSchema>;

export const signedRevocationSchema = z.strictObject({ record: consentRevocationSchema, signed: ownerSignatureSchema });
export type SignedRevocation = z.infer<typeof signedRevocationSchema>;

export const consentRevocationBytes = (record: ConsentRevocation): Uint8Array => canonicalJson(record);
export const consentRevocationHash = (record: ConsentRevocation): string => toBase64Url(sha256(consentRevocationBytes(record)));

export function revokeConsent(input: { grant: ConsentGrant; revokedAt: number; nonce: string }, accountKey: SigningKey): SignedRevocation {
  const { networkId, consentId, accountKey: account } = input.grant;
  const record: ConsentRevocation = { v: 1, kind: 'consent-revocation', networkId, consentId, accountKey: account, grant: consentGrantHash(input.grant), revokedAt: input.revokedAt, nonce: input.nonce };
  return { record, signed: signAsOwner(consentRevocationDomain, consentRevocationBytes(record), accountKey) };
}

/**
 * @param expected.grant what stands under the consent id; without it only the signature is checked (a node that hears of a revocation first
 *   keeps it and refuses the grant when it comes)
 * @throws BoopError `revocation.wrong-network`, `revocation.wrong-consent`, `owner.bad-signature`, `passkey.invalid`
 */
export function verifyRevocation({ record, signed }: SignedRevocation, expected: { networkId: string; grant?: ConsentGrant }): void {
  if (record.networkId !== expected.networkId) throw new BoopError('revocation.wrong-network', 'the revocation is for another network');
  const { grant } = expected;
  if (grant && (grant.consentId !== record.consentId || grant.accountKey !== record.accountKey)) throw new BoopError('revocation.wrong-consent', 'the revocation is of another consent');
  verifyOwnerSignature(consentRevocationDomain, consentRevocationBytes(record), signed, { networkId: record.networkId, accountKey: record.accountKey, at: record.revokedAt });
}
