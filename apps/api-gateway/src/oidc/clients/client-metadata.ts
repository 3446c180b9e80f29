import { z } from 'zod';

const uri = z.url({ protocol: /^https?$/ }).max(2_000);
const redirectUri = z.string().max(2_000).refine(isRedirectUri, { message: 'must be an absolute URI without fragment; http for loopback addresses only' });
const jwk = z.record(z.string().max(32), z.union([z.string().max(8_192), z.array(z.string().max(8_192)).max(8)]));

/**
 * What a vendor registers as relying party, in the names of OpenID Connect Dynamic Client Registration 1.0, CIBA Core section 4 and RFC 9126.
 * Its client id is the vendor's id; its secret is any API key of the vendor.
 */
export const clientMetadataSchema = z.strictObject({
  redirect_uris: z.array(redirectUri).max(20).default([]),
  post_logout_redirect_uris: z.array(redirectUri).max(20).default([]),
  application_type: z.enum(['web', 'native']).default('web'),
  /** `client_secret_*` accept each other; `none` is for clients that can keep no secret, which PKCE protects. */
  token_endpoint_auth_method: z.enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none']).default('client_secret_basic'),
  /** Public keys of `private_key_jwt`. */
  jwks: z.strictObject({ keys: z.array(jwk).min(1).max(8) }).optional(),
  backchannel_logout_uri: uri.optional(),
  backchannel_token_delivery_mode: z.enum(['poll', 'ping']).default('poll'),
  backchannel_client_notification_endpoint: uri.optional(),
  require_pushed_authorization_requests: z.boolean().default(false),
  dpop_bound_access_tokens: z.boolean().default(false),
});
export type ClientMetadata = z.infer<typeof clientMetadataSchema>;

export const grantTypes = {
  code: 'authorization_code',
  clientCredentials: 'client_credentials',
  ciba: 'urn:openid:params:grant-type:ciba',
  device: 'urn:ietf:params:oauth:grant-type:device_code',
} as const;

/** The metadata as the provider takes it. A vendor that registered nothing has every grant that needs no redirect URI. */
export function providerMetadata(vendor: { id: string; name: string }, registered: ClientMetadata): Record<string, unknown> {
  const { token_endpoint_auth_method: method, redirect_uris: redirectUris } = registered;
  const isConfidential = method !== 'none';
  return {
    ...registered,
    client_id: vendor.id,
    client_name: vendor.name,
    // The provider asks for a secret to be there; it is compared by `secretIsOf`, and no algorithm uses this text as a key.
    ...(method.startsWith('client_secret') ? { client_secret: 'an API key of the vendor' } : {}),
    grant_types: [
      ...(redirectUris.length ? [grantTypes.code] : []),
      ...(isConfidential ? [grantTypes.clientCredentials, grantTypes.ciba] : []),
      grantTypes.device,
    ],
    response_types: redirectUris.length ? ['code'] : [],
    ...(isConfidential ? {} : { backchannel_token_delivery_mode: undefined, backchannel_client_notification_endpoint: undefined }),
    id_token_signed_response_alg: 'EdDSA',
  };
}

function isRedirectUri(text: string): boolean {
  const url = URL.parse(text);
  if (!url || url.hash !== '' || text.includes('#')) return false;
  if (url.protocol === 'http:') return ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  return !['javascript:', 'data:', 'file:', 'blob:', 'vbscript:', 'about:'].includes(url.protocol);
}
