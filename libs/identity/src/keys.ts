import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { canonicalJson, fromBase64Url, lengthPrefixed, type Rng, toBase64Url, utf8 } from '@boop/shared';

/** A person's account key or a device's signing key: Ed25519. The secret never prints. */
export class SigningKey {
  readonly #secret: Uint8Array;
  /** 32 bytes as base64url. */
  readonly publicKey: string;

  private constructor(secret: Uint8Array) {
    this.#secret = secret;
    this.publicKey = toBase64Url(ed25519.getPublicKey(secret));
  }

  static generate(rng: Rng): SigningKey {
    return new SigningKey(rng.bytes(32));
  }

  /** @param secret RFC 8032 secret key, 32 bytes */
  static fromSecret(secret: Uint8Array): SigningKey {
    if (secret.length !== 32) throw new RangeError('an Ed25519 secret key has 32 bytes');
    return new SigningKey(secret.slice());
  }

  /** Ed25519 over a domain-separated message, of one part or several; deterministic (RFC 8032); 64 bytes as base64url. */
  sign(domain: string, ...message: readonly Uint8Array[]): string {
    return toBase64Url(ed25519.sign(separated(domain, ...message), this.#secret));
  }

  toJSON(): string {
    return '[secret]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `SigningKey(${this.publicKey})`;
  }
}

/** Strict Ed25519 verification (RFC 8032, no small-order keys, canonical S) by a library of the platform; false or an error for anything malformed. */
export type VerifyEd25519 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

const verifyPortably: VerifyEd25519 = (publicKey, message, signature) => ed25519.verify(signature, message, publicKey, { zip215: false });

/** Strict Ed25519 (RFC 8032, no small-order keys, canonical S); false for anything malformed. */
export function verifySignature(domain: string, message: Uint8Array, signature: string, publicKey: string, verify: VerifyEd25519 = verifyPortably): boolean {
  try {
    return verify(fromBase64Url(publicKey), separated(domain, message), fromBase64Url(signature));
  } catch {
    return false;
  }
}

/** What is really signed: a domain and the message's parts, each behind its length, so that no signature serves two purposes. */
export const separated = (domain: string, ...message: readonly Uint8Array[]): Uint8Array => lengthPrefixed(utf8(domain), ...message);

/** RFC 7638 thumbprint of an Ed25519 public key (RFC 8037 JWK), base64url. */
export const jwkThumbprint = (publicKey: string): string => toBase64Url(sha256(canonicalJson({ crv: 'Ed25519', kty: 'OKP', x: publicKey })));

/** RFC 8037 JWK of a token key, as it stands in the JWKS. */
export const publicJwk = (publicKey: string) => ({ kty: 'OKP', crv: 'Ed25519', x: publicKey, kid: jwkThumbprint(publicKey), alg: 'EdDSA', use: 'sig' }) as const;
