import { createHash, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { assembleToken, type AuthenticationContext, idTokenClaims, publicJwk, SigningKey, tokenSigningInput } from '@boop/identity';
import { fromBase64Url, toBase64Url, utf8 } from '@boop/shared';

/** No node answers for it: what is bound to this network can't be decided by any. */
export const sandboxNetworkId = 'sandbox';
export const sandboxIssuerOf = (issuer: string): string => `${issuer}/sandbox`;

/** Signs the sandbox's tokens and entries. It is the gateway's own, derived from its key, and stands in a JWKS of its own under another issuer. */
export class SandboxKey {
  readonly publicKey: string;
  readonly #secret: Uint8Array;
  readonly #key: KeyObject;
  readonly #signing: SigningKey;

  constructor(device: SigningKey) {
    // Deterministic (RFC 8032) and used for nothing else.
    this.#secret = new Uint8Array(createHash('sha256').update(device.sign('boop-sandbox-key/1')).digest());
    this.#signing = SigningKey.fromSecret(this.#secret);
    this.publicKey = this.#signing.publicKey;
    this.#key = createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', d: toBase64Url(this.#secret), x: this.publicKey }, format: 'jwk' });
  }

  jwks(): { keys: ReturnType<typeof publicJwk>[] } {
    return { keys: [publicJwk(this.publicKey)] };
  }

  /** A person's pairwise subject at a sector, in the form of the real ones. */
  subjectOf(user: string, sector: string): string {
    return createHash('sha256').update(this.#signing.sign('boop-sandbox-sub/1', utf8(user), utf8(sector))).digest('base64url');
  }

  sign(domain: string, bytes: Uint8Array): string {
    return this.#signing.sign(domain, bytes);
  }

  token(context: AuthenticationContext, input: { user: string; verified: boolean; nodes: number; threshold: number; epoch: number; authTime: number }): { idToken: string; signingInput: Uint8Array } {
    const { user, verified, nodes, threshold, epoch, authTime } = input;
    const assurance = { modality: 'palm', nodes, threshold, verified } as const;
    const claims = idTokenClaims({ context, sub: this.subjectOf(user, context.sector), assurance, splitAt: 'edge', epoch, authTime });
    const signingInput = tokenSigningInput(claims, fromBase64Url(this.publicKey));
    return { idToken: assembleToken(signingInput, new Uint8Array(sign(null, signingInput, this.#key))), signingInput };
  }
}
