import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { type Authentication } from '@boop/protocol';
import { type RunningNetwork, startNetwork, until } from './network-harness.ts';
import { syntheticPalmOf } from './palms.ts';
import { patiently, Shop } from './shop.ts';
import { Visitor } from './visitor.ts';

const callback = 'https://shop.example/callback';
const palm = syntheticPalmOf(1);
const stranger = syntheticPalmOf(7);
let network: RunningNetwork;
let shop: Shop;
let config: client.Configuration;

beforeAll(async () => {
  network = await startNetwork();
  shop = new Shop(network);
  await shop.register({ 'right-palm': palm.samples });
  const registered = await fetch(`${network.gatewayUrl}/v1/oidc-client`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${shop.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: [callback] }),
  });
  expect(registered.status).toBe(200);
  // As the documentation of openid-client has it; plain HTTP since a development network has no certificate.
  config = await client.discovery(new URL(network.gatewayUrl), shop.vendorId, shop.apiKey, undefined, { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] });
}, 300_000);

afterAll(async () => {
  shop?.close();
  await network?.dispose();
}, 120_000);

/** Somebody reads the page's code with a scanner and holds a palm over it. */
async function show(contextId: string, capture: Uint8Array): Promise<void> {
  const response = await fetch(`${network.gatewayUrl}/v1/authentications/${contextId}`, { headers: { authorization: `Bearer ${shop.apiKey}` } });
  const authentication = (await response.json()) as Authentication;
  await patiently(() => shop.present({ authentication }, capture));
}

async function signIn(extra: Record<string, string> = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const url = client.buildAuthorizationUrl(config, { redirect_uri: callback, scope: 'openid', code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...extra });
  const visitor = new Visitor(network.gatewayUrl);
  const page = await visitor.open(url.href);
  await show(contextOf(page.text), palm.others[0]!);
  return { verifier, back: new URL((await visitor.post(`/login/${uidOf(page.text)}/finish`)).leftTo!) };
}

const contextOf = (page: string): string => /\/authenticate\/[^/"]+\/([^"/]+)"/.exec(page)![1]!;
const uidOf = (page: string): string => /data-uid="([^"]+)"/.exec(page)![1]!;

describe('an unmodified openid-client before five nodes', () => {
  test('code with PKCE: the ID token is the nodes\' and verifies; one changed byte, another audience and a replayed nonce don\'t', async () => {
    const { verifier, back } = await signIn({ nonce: 'n-1' });
    const tokens = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedNonce: 'n-1' });
    const idToken = tokens.id_token!;
    expect(tokens.claims()).toMatchObject({ iss: network.gatewayUrl, aud: shop.vendorId, nonce: 'n-1', amr: ['urn:boop:amr:palm'], boop: { verified: true } });
    const { groupKeys, jwksUrl } = await shop.info();
    const keys = createRemoteJWKSet(new URL(jwksUrl));
    const { key } = await jwtVerify(idToken, keys, { issuer: network.gatewayUrl, audience: shop.vendorId });
    expect(await crypto.subtle.exportKey('jwk', key as CryptoKey)).toMatchObject({ x: groupKeys.find(({ name }) => name === 'token')!.publicKey });
    await expect(client.fetchUserInfo(config, tokens.access_token, tokens.claims()!.sub)).resolves.toMatchObject({ sub: tokens.claims()!.sub });

    for (const at of [idToken.indexOf('.') - 3, idToken.indexOf('.') + 9, idToken.length - 9]) {
      const altered = `${idToken.slice(0, at)}${idToken[at] === 'A' ? 'B' : 'A'}${idToken.slice(at + 1)}`;
      await expect(jwtVerify(altered, keys, { issuer: network.gatewayUrl, audience: shop.vendorId })).rejects.toThrow();
    }
    await expect(jwtVerify(idToken, keys, { audience: 'another-shop' })).rejects.toMatchObject({ code: 'ERR_JWT_CLAIM_VALIDATION_FAILED' });
    const replayed = await signIn({ nonce: 'n-1' });
    await expect(client.authorizationCodeGrant(config, replayed.back, { pkceCodeVerifier: replayed.verifier, expectedNonce: 'n-2' })).rejects.toMatchObject({ code: 'OAUTH_JWT_CLAIM_COMPARISON_FAILED' });
    await expect(client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedNonce: 'n-1' })).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  test('CIBA: a terminal hears of the request, and the person there signs in', async () => {
    const request = await client.initiateBackchannelAuthentication(config, { scope: 'openid', login_hint: `terminal:${shop.terminalId}`, binding_message: 'Table 7' });
    const waiting = client.pollBackchannelAuthenticationGrant(config, { ...request, interval: 1 });
    await show(String(request['boop_context']), palm.others[1]!);
    const first = (await waiting).claims()!;
    const again = await signIn();
    expect((await client.authorizationCodeGrant(config, again.back, { pkceCodeVerifier: again.verifier })).claims()!.sub).toBe(first.sub);

    const refused = await client.initiateBackchannelAuthentication(config, { scope: 'openid', login_hint: `terminal:${shop.terminalId}` });
    await show(String(refused['boop_context']), stranger.others[0]!);
    await expect(client.pollBackchannelAuthenticationGrant(config, { ...refused, interval: 1 })).rejects.toMatchObject({ error: 'access_denied' });
  });

  test('device flow: a device gets its token when somebody signs in elsewhere', async () => {
    const device = await client.initiateDeviceAuthorization(config, { scope: 'openid' });
    const waiting = client.pollDeviceAuthorizationGrant(config, { ...device, interval: 1 });
    const visitor = new Visitor(network.gatewayUrl);
    const confirm = await visitor.submit(await visitor.open(device.verification_uri), { user_code: device.user_code });
    const login = await visitor.submit(confirm);
    await show(contextOf(login.text), palm.others[2]!);
    await visitor.post(`/login/${uidOf(login.text)}/finish`);
    const tokens = await waiting;
    expect(tokens.claims()).toMatchObject({ aud: shop.vendorId, amr: ['urn:boop:amr:palm'] });
    expect(decodeProtectedHeader(tokens.id_token!)).toMatchObject({ alg: 'EdDSA' });
  });

  test('client credentials open a context by REST, until they expire or are revoked', async () => {
    const { access_token: accessToken } = await client.clientCredentialsGrant(config);
    const open = (): Promise<number> => fetch(`${network.gatewayUrl}/v1/authentications`, { method: 'POST', headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' }, body: '{"type":"access"}' }).then(({ status }) => status);
    expect(await open()).toBe(201);
    await client.tokenRevocation(config, accessToken);
    await until(async () => (await open()) === 401, 60_000);
  });
});
