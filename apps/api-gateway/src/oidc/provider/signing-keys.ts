import { createPublicKey, type KeyObject } from 'node:crypto';
import { publicJwk } from '@boop/identity';
import { type AdapterPayload, ExternalSigningKey } from 'oidc-provider';
import { BoopError } from '@boop/shared';
import { type OidcSecrets } from '../oidc-secrets.ts';

type Jwk = ReturnType<typeof publicJwk>;

/** A key of the nodes as the provider knows it: it verifies, and can't sign. */
class NodesKey extends ExternalSigningKey {
  readonly #jwk: Jwk;

  constructor(publicKey: string) {
    super();
    this.#jwk = publicJwk(publicKey);
  }

  override get kid(): string {
    return this.#jwk.kid;
  }
  override get alg(): string {
    return this.#jwk.alg;
  }
  override keyObject(): KeyObject {
    return createPublicKey({ key: { ...this.#jwk }, format: 'jwk' });
  }
  override sign(): never {
    throw new BoopError('token.not-signed-here', 'only the nodes sign with this key');
  }
}

/** Keys of the provider: its own, with which it signs, and those of the nodes, by which it knows an `id_token_hint`. */
export const providerKeys = (secrets: OidcSecrets, nodesKeys: readonly string[]): { keys: (AdapterPayload | ExternalSigningKey)[] } => ({
  keys: [{ ...secrets.signingJwk } as AdapterPayload, ...nodesKeys.map((key) => new NodesKey(key))],
});
