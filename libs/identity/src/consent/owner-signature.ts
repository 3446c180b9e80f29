import { sha256 } from '@noble/hashes/sha2.js';
import { BoopError } from '@boop/shared';
import { z } from 'zod';
import { bytesField } from '../encoding.ts';
import { type SigningKey, separated, verifySignature } from '../keys.ts';
import { passkeyAssertionSchema, signedPasskeySchema, verifyPasskey, verifyPasskeyAssertion } from './passkey.ts';

/** A person's signature: by the account key itself, or by a passkey that the account key enrolled. */
export const ownerSignatureSchema = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('account-key'), signature: bytesField(64) }),
  z.strictObject({ method: z.literal('passkey'), passkey: signedPasskeySchema, assertion: passkeyAssertionSchema }),
]);
export type OwnerSignature = z.infer<typeof ownerSignatureSchema>;

export const signAsOwner = (domain: string, document: Uint8Array, accountKey: SigningKey): OwnerSignature => ({ method: 'account-key', signature: accountKey.sign(domain, document) });

/** The WebAuthn challenge for a document: SHA-256 of what the account key would sign; 32 bytes. */
export const passkeyChallenge = (domain: string, document: Uint8Array): Uint8Array => sha256(separated(domain, document));

/**
 * Whether the holder of `accountKey` signed the document.
 * @param expected.at seconds; when the document says that it was signed
 * @throws BoopError `owner.bad-signature`, `passkey.invalid`
 */
export function verifyOwnerSignature(domain: string, document: Uint8Array, signed: OwnerSignature, expected: { networkId: string; accountKey: string; at: number }): void {
  if (signed.method === 'passkey') {
    verifyPasskey(signed.passkey, expected);
    verifyPasskeyAssertion(signed.assertion, passkeyChallenge(domain, document), signed.passkey.record);
  } else if (!verifySignature(domain, document, signed.signature, expected.accountKey)) {
    throw new BoopError('owner.bad-signature', 'the document is not signed by the account that it names');
  }
}
