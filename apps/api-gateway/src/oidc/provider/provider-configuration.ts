import { type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import { acrValuesOf } from '../login/acr.ts';
import { artifactAdapter } from '../artifacts/artifact-adapter.ts';
import { backchannelHooks } from '../ciba/backchannel-hooks.ts';
import { deviceConfirmPage, deviceDonePage, deviceInputPage, errorPage, signedOutPage, signOutPage } from '../pages/provider-pages.ts';
import { type OidcSurroundings } from './oidc-surroundings.ts';
import { signInEveryTime } from './interaction-policy.ts';
import { providerKeys } from './signing-keys.ts';

const minute = 60;
/** Longest time that a backchannel request may wait, seconds. */
const backchannelSecondsMax = 5 * minute;

/** Paths of the provider below the issuer. */
export const routes = {
  authorization: '/oidc/authorize',
  token: '/oidc/token',
  userinfo: '/oidc/userinfo',
  revocation: '/oidc/revoke',
  pushed_authorization_request: '/oidc/par',
  backchannel_authentication: '/oidc/backchannel',
  device_authorization: '/oidc/device',
  code_verification: '/oidc/verify',
  end_session: '/oidc/logout',
  jwks: '/.well-known/jwks.json',
} as const;

/** The provider's configuration. Everything that is not named is off. */
export function providerConfiguration(use: OidcSurroundings, nodesKeys: readonly string[]): Configuration {
  const { clients, secrets, manifest } = use;
  return {
    adapter: (kind) => (kind === 'Client' ? clients.adapter() : artifactAdapter(kind, use)),
    jwks: providerKeys(secrets, nodesKeys) as NonNullable<Configuration['jwks']>,
    routes,
    scopes: ['openid'],
    claims: { openid: ['sub', 'auth_time', 'acr', 'amr'] },
    acrValues: acrValuesOf(manifest),
    // A pairwise name is what the nodes' keys give: to the provider, which never derives one, it is any name (see `announcePairwise`).
    subjectTypes: ['public'],
    discovery: {
      service_documentation: `${use.urls.gateway}/docs`,
      claims_supported: ['iss', 'sub', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'acr', 'amr', 'jti', 'boop'],
      ui_locales_supported: ['en'],
    },
    responseTypes: ['code'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    clientDefaults: { id_token_signed_response_alg: 'EdDSA' },
    enabledJWA: {
      idTokenSigningAlgValues: ['EdDSA'],
      clientAuthSigningAlgValues: ['EdDSA', 'Ed25519', 'ES256', 'PS256', 'RS256'],
      dPoPSigningAlgValues: ['ES256', 'EdDSA', 'Ed25519'],
    },
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      externalSigningSupport: { enabled: true, ack: 'experimental-01' },
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: false },
      dPoP: { enabled: true },
      clientCredentials: { enabled: true },
      revocation: { enabled: true, allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId },
      userinfo: { enabled: true },
      claimsParameter: { enabled: true },
      resourceIndicators: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource: signOutPage, postLogoutSuccessSource: signedOutPage },
      deviceFlow: { enabled: true, charset: 'base-20', mask: '****-****', userCodeInputSource: deviceInputPage, userCodeConfirmSource: deviceConfirmPage, successSource: deviceDonePage },
      ciba: { enabled: true, deliveryModes: ['poll', 'ping'], ...backchannelHooks(use) },
    },
    interactions: { policy: signInEveryTime(), url: (_ctx, { uid }) => `/login/${uid}` },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    loadExistingGrant: ({ oidc }: KoaContextWithOIDC) => {
      const grantId = oidc.result?.consent?.grantId;
      return grantId === undefined ? undefined : oidc.provider.Grant.find(grantId);
    },
    issueRefreshToken: () => false,
    renderError: errorPage,
    cookies: {
      keys: [secrets.cookieKey],
      names: { session: 'boop_session', interaction: 'boop_interaction', resume: 'boop_resume' },
      long: { httpOnly: true, sameSite: 'lax', signed: true },
      short: { httpOnly: true, sameSite: 'lax', signed: true },
    },
    ttl: {
      AccessToken: 10 * minute,
      AuthorizationCode: minute,
      BackchannelAuthenticationRequest: (_ctx, { params }) => Math.min(Number(params?.['requested_expiry'] ?? 2 * minute), backchannelSecondsMax),
      ClientCredentials: 10 * minute,
      DeviceCode: 10 * minute,
      Grant: 60 * minute,
      IdToken: 5 * minute,
      Interaction: 10 * minute,
      Session: 60 * minute,
    },
    // The provider's own dispatcher refuses loopback and private addresses, where the services of a development network live.
    fetch: (url, options = {}) => use.fetch(url, manifest.testNetwork ? withoutDispatcher(options) : options),
  };
}

function withoutDispatcher(options: RequestInit): RequestInit {
  const { dispatcher: _, ...rest } = options as RequestInit & { dispatcher?: unknown };
  return rest;
}
