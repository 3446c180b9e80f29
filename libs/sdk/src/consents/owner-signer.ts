import { type OwnerSignature, passkeyChallenge, type PasskeyAssertion, separated, signAsOwner, type SignedPasskey, type SigningKey } from '@boop/identity';
import { toBase64Url } from '@boop/shared';

/** Signs documents for one account, wherever its key lies. */
export interface OwnerSigner {
  /** Ed25519, 32 bytes, base64url. */
  readonly accountKey: string;
  sign(domain: string, document: Uint8Array): Promise<OwnerSignature>;
}

/** With the account key in memory, as it was made for the registration. */
export const keySigner = (key: SigningKey): OwnerSigner => ({ accountKey: key.publicKey, sign: (domain, document) => Promise.resolve(signAsOwner(domain, document, key)) });

/** With an Ed25519 key of WebCrypto, which a page may keep without being able to read it. */
export const webCryptoSigner = (accountKey: string, privateKey: CryptoKey): OwnerSigner => ({
  accountKey,
  async sign(domain, document) {
    const message = separated(domain, document) as Uint8Array<ArrayBuffer>;
    return { method: 'account-key', signature: toBase64Url(new Uint8Array(await crypto.subtle.sign('Ed25519', privateKey, message))) };
  },
});

/**
 * With a passkey that the account key enrolled.
 * @param assert asks the authenticator: `navigator.credentials.get` with this challenge and user verification required
 */
export const passkeySigner = (passkey: SignedPasskey, assert: (challenge: Uint8Array, credentialId: string) => Promise<PasskeyAssertion>): OwnerSigner => ({
  accountKey: passkey.record.accountKey,
  sign: async (domain, document) => ({ method: 'passkey', passkey, assertion: await assert(passkeyChallenge(domain, document), passkey.record.credentialId) }),
});
