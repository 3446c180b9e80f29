import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { toBase64Url } from '@boop/shared';
import { type VerifyEd25519 } from '../domain/check-answer.ts';

/** The keys of a network are few; parsing one costs more than the verification. */
const keysMax = 64;
const keys = new Map<string, KeyObject>();

/** Native Ed25519 (RFC 8032); false for anything malformed. */
export const verifyEd25519: VerifyEd25519 = (publicKey, message, signature) => {
  try {
    return verify(null, message, keyObject(toBase64Url(publicKey)), signature);
  } catch {
    return false;
  }
};

function keyObject(x: string): KeyObject {
  const known = keys.get(x);
  if (known) return known;
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  if (keys.size >= keysMax) keys.clear();
  keys.set(x, key);
  return key;
}
