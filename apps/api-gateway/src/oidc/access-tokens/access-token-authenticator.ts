import { type Provider } from 'oidc-provider';
import { type Principal } from '@boop/protocol';
import { BoopError, type Clock } from '@boop/shared';
import { type Authenticator, type CredentialRequest } from '../../access/authenticator.ts';
import { type DirectoryStore } from '../../services/ports.ts';
import { type Database, isUniqueViolation } from '../../store/database.ts';
import { type OidcSecrets } from '../oidc-secrets.ts';
import { proofSecondsMax, verifyDpopProof } from './dpop-proof.ts';

const credential = /^(Bearer|DPoP) ([A-Za-z0-9_-]{20,200})$/i;

export interface AccessTokenDependencies {
  readonly provider: () => Provider;
  readonly directory: Pick<DirectoryStore, 'vendor'>;
  readonly database: Database;
  readonly secrets: OidcSecrets;
  /** Public address of the gateway. */
  readonly url: string;
  readonly clock: Clock;
}

/**
 * Access tokens of the client credentials grant stand for their vendor, as its API keys do. One that is bound to a key (RFC 9449) takes a
 * fresh proof by that key with every request.
 */
export class AccessTokenAuthenticator implements Authenticator {
  readonly #use: AccessTokenDependencies;

  constructor(use: AccessTokenDependencies) {
    this.#use = use;
  }

  /** @throws BoopError `request.unauthenticated` for a bound token without a valid, new proof */
  async authenticate(request: CredentialRequest): Promise<Principal | undefined> {
    const [, scheme, value] = credential.exec(request.headers.authorization ?? '') ?? [];
    if (scheme === undefined || value === undefined) return undefined;
    const token = await this.#use.provider().ClientCredentials.find(value);
    const clientId = token?.isValid ? token.clientId : undefined;
    if (!token || clientId === undefined) return undefined;
    const isBound = token.jkt !== undefined;
    if (isBound !== (scheme.toLowerCase() === 'dpop')) throw refused();
    if (isBound) await this.#checkProof(request, value, token.jkt!);
    const vendor = await this.#use.directory.vendor(clientId);
    return vendor?.suspended === false ? { role: 'vendor', id: vendor.id } : undefined;
  }

  async #checkProof({ method, url, headers }: CredentialRequest, accessToken: string, boundTo: string): Promise<void> {
    const { dpop } = headers;
    if (typeof dpop !== 'string') throw refused();
    const { thumbprint, jti } = await verifyDpopProof(dpop, { method, url: new URL(url, this.#use.url).href, accessToken, nowMs: this.#use.clock.nowMs() });
    if (thumbprint !== boundTo || !(await this.#isNew(`${thumbprint} ${jti}`))) throw refused();
  }

  /** One insert decides, so that of two racing requests with one proof one is refused. */
  async #isNew(proof: string): Promise<boolean> {
    const { database, secrets, clock } = this.#use;
    const expiresAt = new Date(clock.nowMs() + 2 * proofSecondsMax * 1000);
    try {
      await database.oidcArtifact.create({ data: { kind: 'ResourceProof', idHash: secrets.indexOf('ResourceProof', proof), payload: new Uint8Array(0), expiresAt } });
      return true;
    } catch (error) {
      if (isUniqueViolation(error)) return false;
      throw error;
    }
  }
}

const refused = (): BoopError => new BoopError('request.unauthenticated', 'the access token takes a new DPoP proof by its key');
