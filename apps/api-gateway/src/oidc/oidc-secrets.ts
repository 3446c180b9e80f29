import { createHmac, createPrivateKey, hkdfSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { publicJwk } from '@boop/identity';
import { readSecretFile, writeFileAtomic } from '@boop/platform';
import { BoopError, fromBase64Url, type Rng, toBase64Url } from '@boop/shared';

const secretBytes = 32;
/** RFC 8410: an Ed25519 private key as PKCS #8, before its 32 bytes. */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Keys of the OpenID provider, all derived from one secret (RFC 5869) that replicas of the gateway share. They never print. */
export class OidcSecrets {
  readonly #secret: Uint8Array;

  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  /** Signs cookies (HMAC). */
  get cookieKey(): Buffer {
    return this.#derive('cookies');
  }

  /** Seals what the provider stores (AES-256-GCM). */
  get sealingKey(): Buffer {
    return this.#derive('artifacts');
  }

  /** Keyed hash under which an identifier is found again. */
  indexOf(kind: string, identifier: string): Uint8Array<ArrayBuffer> {
    return new Uint8Array(createHmac('sha256', this.#derive('index')).update(`${kind}\0${identifier}`).digest());
  }

  /** The gateway's own signing key as a private JWK: logout tokens, and ID tokens of passkeys. Never a match. */
  get signingJwk(): ReturnType<typeof publicJwk> & { d: string } {
    const d = this.#derive('signing');
    const { x } = createPrivateKey({ key: Buffer.concat([pkcs8Prefix, d]), format: 'der', type: 'pkcs8' }).export({ format: 'jwk' });
    return { ...publicJwk(x!), d: toBase64Url(new Uint8Array(d)) };
  }

  get publicJwk(): ReturnType<typeof publicJwk> {
    return publicJwk(this.signingJwk.x);
  }

  #derive(purpose: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#secret, 'boop-oidc/1', purpose, 32));
  }

  toJSON(): string {
    return '[secret]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return 'OidcSecrets';
  }
}

/**
 * Reads the provider's secret, 32 bytes as base64url in a file of mode 0600, created at first start.
 * @throws BoopError `config.oidc-secret-malformed`, `config.secret-exposed`
 */
export function openOidcSecrets(file: string, rng: Rng): OidcSecrets {
  if (!existsSync(file)) writeFileAtomic(file, `${toBase64Url(rng.bytes(secretBytes))}\n`);
  const secret = decoded(readSecretFile(file));
  if (secret?.length !== secretBytes) throw new BoopError('config.oidc-secret-malformed', 'the file does not hold 32 bytes as base64url', { kind: 'fatal' });
  return new OidcSecrets(secret);
}

function decoded(text: string): Uint8Array | undefined {
  try {
    return fromBase64Url(text);
  } catch {
    return undefined;
  }
}
