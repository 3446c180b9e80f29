import { type IncomingHttpHeaders } from 'node:http';
import { type Principal } from '@boop/protocol';

/** What a credential may be bound to. */
export interface CredentialRequest {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** The address of the client, as far as the gateway trusts it. */
  readonly ip: string;
  /** The body's bytes as they came, when there was one. */
  readonly rawBody?: Uint8Array | undefined;
}

/** One kind of credential: API keys, OAuth2 access tokens, signed requests of a person. */
export interface Authenticator {
  /**
   * @returns who asks, or undefined when the request carries no credential of this kind, or an unknown one
   * @throws BoopError `request.unauthenticated` when it carries one that does not hold
   */
  authenticate(request: CredentialRequest): Promise<Principal | undefined>;
}
