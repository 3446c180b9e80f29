import { sha256 } from '@noble/hashes/sha2.js';
import { BoopError, concatBytes, utf8 } from '@boop/shared';
import { fromBase64, toBase64 } from './base64.ts';

/** Signature types of C2SP signed-note that this library speaks. */
export const SignatureType = { ed25519: 0x01, cosignatureV1: 0x04 } as const;
export type SignatureType = (typeof SignatureType)[keyof typeof SignatureType];

/** Public key of a signer of notes; name and id together identify it. */
export interface VerifierKey {
  readonly name: string;
  /** First four bytes of SHA-256(name ‖ \n ‖ type ‖ public key), big-endian. */
  readonly keyId: number;
  readonly type: SignatureType;
  /** 32 bytes, RFC 8032. */
  readonly publicKey: Uint8Array;
}

/** Non-empty, without Unicode spaces, plus signs and what no note can hold (control characters, lone surrogates). */
export const isKeyName = (name: string): boolean => name.length > 0 && !/[\0-\x1f\p{White_Space}\p{Cs}+]/u.test(name);

/** Throws `log.malformed-vkey` on an unfit name, type or key length. */
export function createVerifierKey(name: string, type: SignatureType, publicKey: Uint8Array): VerifierKey {
  const known = Object.values(SignatureType).includes(type);
  if (!isKeyName(name) || !known || publicKey.length !== 32) throw new BoopError('log.malformed-vkey', 'not a verifier key of a supported type');
  const digest = sha256(concatBytes(utf8(name), Uint8Array.of(0x0a, type), publicKey));
  return { name, type, publicKey, keyId: new DataView(digest.buffer, digest.byteOffset).getUint32(0) };
}

/** `name+hex(key id)+base64(type ‖ public key)`. */
export function formatVerifierKey({ name, keyId, type, publicKey }: VerifierKey): string {
  return `${name}+${keyId.toString(16).padStart(8, '0')}+${toBase64(concatBytes(Uint8Array.of(type), publicKey))}`;
}

/** Inverse of {@link formatVerifierKey}; throws `log.malformed-vkey`, also when the key id is not that of the key. */
export function parseVerifierKey(vkey: string): VerifierKey {
  const [, name = '', encoded = ''] = /^([^+]+)\+[0-9a-f]{8}\+(.+)$/.exec(vkey) ?? [];
  const bytes = fromBase64(encoded) ?? new Uint8Array(0);
  const key = createVerifierKey(name, (bytes[0] ?? 0) as SignatureType, bytes.slice(1));
  if (formatVerifierKey(key) !== vkey) throw new BoopError('log.malformed-vkey', 'not a verifier key of a supported type');
  return key;
}
