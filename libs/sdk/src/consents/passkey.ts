import { type PasskeyRecord, type SignedPasskey, verifyPasskey } from '@boop/identity';
import { BoopError, canonicalJson, concatBytes, equalBytes, fromHex, toBase64Url } from '@boop/shared';
import { type OwnerSigner } from './owner-signer.ts';

/** SubjectPublicKeyInfo up to the key: RFC 5480 with prime256v1 and an uncompressed point, and RFC 8410. */
const p256Head = fromHex('3059301306072a8648ce3d020106082a8648ce3d03010703420004');
const ed25519Head = fromHex('302a300506032b6570032100');
const coordinateBytes = 32;

/** COSE algorithms (RFC 9053) that an account may enrol, the preferred one first. */
export const passkeyAlgorithms = [-8, -7] as const;

/**
 * The key of a new credential in the form of an enrolment.
 * @param publicKey SubjectPublicKeyInfo (DER), as `AuthenticatorAttestationResponse.getPublicKey()` gives it
 * @throws BoopError `passkey.invalid` for another kind of key
 */
export function passkeyKey(algorithm: number, publicKey: Uint8Array): Pick<PasskeyRecord, 'algorithm' | 'publicKey'> {
  const after = (head: Uint8Array, size: number): Uint8Array => {
    if (publicKey.length !== head.length + size || !equalBytes(publicKey.subarray(0, head.length), head)) throw unsupported();
    return publicKey.subarray(head.length);
  };
  if (algorithm === -8) return { algorithm: 'EdDSA', publicKey: toBase64Url(after(ed25519Head, coordinateBytes)) };
  if (algorithm !== -7) throw unsupported();
  const point = after(p256Head, 2 * coordinateBytes);
  // SEC 1 section 2.3.3: the compressed form says by its first byte whether y is odd.
  const sign = 2 + (point.at(-1)! & 1);
  return { algorithm: 'ES256', publicKey: toBase64Url(concatBytes(Uint8Array.of(sign), point.subarray(0, coordinateBytes))) };
}

/**
 * Has the account key say that a passkey signs for it, too.
 * @param device signs with the account key itself: a passkey enrols no other
 * @throws BoopError `passkey.invalid`
 */
export async function enrolPasskeyBy(device: OwnerSigner, fields: Omit<PasskeyRecord, 'v' | 'kind' | 'accountKey'>): Promise<SignedPasskey> {
  const record: PasskeyRecord = { v: 1, kind: 'passkey', accountKey: device.accountKey, ...fields };
  const signed = await device.sign('boop-passkey/1', canonicalJson(record));
  if (signed.method !== 'account-key') throw new BoopError('passkey.invalid', 'only the account key enrols a passkey');
  const passkey = { record, signature: signed.signature };
  verifyPasskey(passkey, { networkId: record.networkId, accountKey: device.accountKey, at: record.validFrom });
  return passkey;
}

/**
 * Signs documents of some domains with a passkey, if there is one when it comes to it, and all others with the account key: what is asked for
 * often, such as one's own lists, doesn't call for a finger.
 */
export const signerWithPasskey = (device: OwnerSigner, domains: ReadonlySet<string>, passkey: () => Promise<OwnerSigner | undefined>): OwnerSigner => ({
  accountKey: device.accountKey,
  sign: async (domain, document) => await ((domains.has(domain) ? await passkey() : undefined) ?? device).sign(domain, document),
});

const unsupported = (): BoopError => new BoopError('passkey.invalid', 'a passkey signs with ES256 on P-256 or with Ed25519');
