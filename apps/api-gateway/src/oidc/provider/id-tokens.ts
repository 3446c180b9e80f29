import { type KoaContextWithOIDC, type Provider } from 'oidc-provider';
import { BoopError } from '@boop/shared';
import { type PalmLogins, type PalmToken, parsePalmGrantId } from '../login/palm-logins.ts';

interface IdToken {
  readonly ctx?: KoaContextWithOIDC;
  payload(): Promise<Record<string, unknown>>;
  issue(options: { use: string; expiresAt?: number | undefined }): Promise<string>;
}

/**
 * Makes the token endpoint return the very token that the nodes signed when they decided: nothing is signed later, and nothing that the
 * provider would add (`at_hash`, `sid`) is. What the provider holds of the sign-in must agree with the token in every claim. Passkeys, of
 * which nodes know nothing, and logout tokens are signed by the gateway's own key, under another `kid`.
 */
export function useNodesIdTokens(provider: Provider, logins: PalmLogins): void {
  const { prototype } = (provider as unknown as { IdToken: { prototype: IdToken } }).IdToken;
  const issueByGateway = prototype.issue;
  prototype.issue = async function (options) {
    const palm = options.use === 'idtoken' ? parsePalmGrantId(this.ctx?.oidc.entities.Grant?.jti ?? '') : undefined;
    if (!palm) return issueByGateway.call(this, options);
    const token = logins.tokenOf(await logins.get(palm.vendorId, palm.contextId));
    if (!token || !agrees(token, await this.payload(), { issuer: provider.issuer, audience: this.ctx!.oidc.client!.clientId })) {
      throw new BoopError('token.mismatch', 'the token of the nodes is not one for this request', { kind: 'peer' });
    }
    return token.idToken;
  };
}

/** Whether the nodes' claims are those that the provider would have made. */
export function agrees({ claims }: PalmToken, expected: Readonly<Record<string, unknown>>, request: { issuer: string; audience: string }): boolean {
  return (
    claims.iss === request.issuer &&
    claims.aud === request.audience &&
    claims.sub === expected['sub'] &&
    claims.nonce === expected['nonce'] &&
    claims.auth_time === expected['auth_time'] &&
    claims.acr === expected['acr'] &&
    JSON.stringify(claims.amr) === JSON.stringify(expected['amr'])
  );
}
