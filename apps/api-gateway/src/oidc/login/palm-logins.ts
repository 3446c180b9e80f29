import { type IdTokenClaims, parseTokenClaims } from '@boop/identity';
import { type CreateAuthentication, type NetworkManifest } from '@boop/protocol';
import { type AuthenticationRecord } from '../../domain/authentication-record.ts';
import { type AuthenticationService } from '../../services/authentication-service.ts';
import { acceptedWays } from './acr.ts';

/** An ID token that the nodes signed, and what it says. */
export interface PalmToken {
  readonly idToken: string;
  readonly claims: IdTokenClaims;
}

/** Names the one context behind a grant of the provider, so that the token endpoint finds the nodes' token. */
export const palmGrantId = (vendorId: string, contextId: string): string => `palm ${vendorId} ${contextId}`;

export function parsePalmGrantId(grantId: string): { vendorId: string; contextId: string } | undefined {
  const [kind, vendorId, contextId, ...rest] = grantId.split(' ');
  return kind === 'palm' && vendorId && contextId && rest.length === 0 ? { vendorId, contextId } : undefined;
}

/** Sign-ins by palm: every one is an authentication context of its own, which the nodes decide and sign for. */
export class PalmLogins {
  readonly #authentications: AuthenticationService;
  readonly #manifest: NetworkManifest;

  constructor(use: { authentications: AuthenticationService; manifest: NetworkManifest }) {
    this.#authentications = use.authentications;
    this.#manifest = use.manifest;
  }

  /**
   * Opens the context of one request.
   * @param params parameters of the authorization or backchannel authentication request
   * @throws BoopError as `AuthenticationService.create`
   */
  async open(vendorId: string, params: Readonly<Record<string, unknown>>, at: { terminalId?: string | undefined; subject?: string | undefined; timeoutSeconds?: number | undefined } = {}): Promise<AuthenticationRecord> {
    const { unverified, livenessLevel } = acceptedWays(params, this.#manifest);
    const request: CreateAuthentication = {
      type: 'access',
      policy: { acceptUnverified: unverified, ...(livenessLevel === 0 ? {} : { livenessLevel }) },
      ...(at.terminalId === undefined ? {} : { terminalId: at.terminalId }),
      ...(at.subject === undefined ? {} : { subject: at.subject }),
      ...(at.timeoutSeconds === undefined ? {} : { timeout: at.timeoutSeconds }),
    };
    const { record } = await this.#authentications.create(vendorId, request, { nonce: textOf(params['nonce']), bindingMessage: textOf(params['binding_message']) });
    return record;
  }

  /** @throws BoopError `request.not-found` */
  get(vendorId: string, contextId: string): Promise<AuthenticationRecord> {
    return this.#authentications.get(vendorId, contextId);
  }

  async cancel(vendorId: string, contextId: string): Promise<void> {
    await this.#authentications.cancel(vendorId, contextId);
  }

  /** The token of a context that the nodes accepted. */
  tokenOf({ status, result }: AuthenticationRecord): PalmToken | undefined {
    if (status !== 'succeeded' || result?.idToken === undefined) return undefined;
    return { idToken: result.idToken, claims: parseTokenClaims(result.idToken) };
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
