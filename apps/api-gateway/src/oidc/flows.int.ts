import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, customFetch, decodeProtectedHeader, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { type Clock } from '@boop/shared';
import { openDatabase } from '../store/database.ts';
import { callback, contextOf, Inbox, RelyingParty, uidOf } from '../testing/relying-party.ts';
import { eventually, keys, TestGateway } from '../testing/test-gateway.ts';
import { pruneArtifacts } from './artifacts/artifact-adapter.ts';

let gateway: TestGateway;
let party: RelyingParty;
let config: client.Configuration;

beforeAll(async () => {
  gateway = await TestGateway.start();
  party = new RelyingParty(gateway);
  await party.register();
  config = await party.configure();
  // The client verifies the ID token's signature itself, also where it comes straight from the token endpoint.
  client.enableNonRepudiationChecks(config);
}, 120_000);
afterAll(async () => {
  party?.close();
  await gateway?.stop();
});

const remoteKeys = () => createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri!), { [customFetch]: party.fetch, timeoutDuration: 60_000 });
const keyOf = (idToken: string): string => decodeProtectedHeader(idToken).kid!;

describe('discovery', () => {
  test('is complete: every endpoint that it names answers, and it names nothing that is not there', async () => {
    const metadata = config.serverMetadata();
    expect(metadata).toMatchObject({
      issuer: party.issuer,
      response_types_supported: ['code'],
      grant_types_supported: expect.arrayContaining(['authorization_code', 'client_credentials', 'urn:openid:params:grant-type:ciba', 'urn:ietf:params:oauth:grant-type:device_code']),
      subject_types_supported: ['pairwise'],
      id_token_signing_alg_values_supported: ['EdDSA'],
      code_challenge_methods_supported: ['S256'],
      backchannel_token_delivery_modes_supported: ['poll', 'ping'],
      backchannel_logout_supported: true,
      dpop_signing_alg_values_supported: expect.arrayContaining(['ES256', 'EdDSA']),
      claims_parameter_supported: true,
    });
    expect(metadata.grant_types_supported).not.toContain('implicit');
    for (const [name, value] of Object.entries(metadata)) {
      if (!name.endsWith('_endpoint') && !name.endsWith('_uri')) continue;
      expect(String(value).startsWith(`${party.issuer}/`)).toBe(true);
      const answers = await Promise.all(['GET', 'POST'].map(async (method) => (await party.fetch(String(value), { method, redirect: 'manual' })).status));
      expect(answers.some((status) => status !== 404)).toBe(true);
    }
  });
});

describe('authorization code with PKCE', () => {
  test('signs in with nothing special: no nonce, no state, the token is the one that the nodes signed', async () => {
    const { verifier, url } = await party.begin(config);
    const back = await party.signIn(url);
    expect(back.origin + back.pathname).toBe(callback);
    const tokens = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier });
    const claims = tokens.claims()!;
    expect(claims).toMatchObject({ iss: party.issuer, aud: 'shop', sub: 'subject', amr: ['urn:boop:amr:palm'], acr: 'urn:boop:acr:palm:t1n5:verified:liveness-0', auth_time: expect.any(Number), boop: { type: 'access', verified: true } });
    expect(claims).not.toHaveProperty('nonce');
    expect(claims).not.toHaveProperty('at_hash');
    expect(keyOf(tokens.id_token!)).toBe((await gateway.call('GET', '/.well-known/jwks.json')).body.keys[0].kid);
    const stored = await gateway.call('GET', `/v1/authentications/${(claims['boop'] as { context: string }).context}`, { key: keys.shop });
    expect(stored.body.result.idToken).toBe(tokens.id_token);
    await expect(client.fetchUserInfo(config, tokens.access_token, claims.sub)).resolves.toMatchObject({ sub: 'subject' });
  });

  test('with state, nonce, PAR and DPoP', async () => {
    const dpop = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
    const { verifier, parameters } = await party.begin(config, { nonce: 'n-0S6_WzA2Mj', state: 'af0ifjsldkj' });
    const back = await party.signIn(await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP: dpop }));
    const tokens = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedNonce: 'n-0S6_WzA2Mj', expectedState: 'af0ifjsldkj' }, undefined, { DPoP: dpop });
    expect(tokens).toMatchObject({ token_type: 'dpop' });
    expect(tokens.claims()).toMatchObject({ nonce: 'n-0S6_WzA2Mj' });
    await expect(client.fetchUserInfo(config, tokens.access_token, 'subject', { DPoP: dpop })).resolves.toMatchObject({ sub: 'subject' });
    await expect(client.fetchUserInfo(config, tokens.access_token, 'subject')).rejects.toThrow();
  });

  test('a token fails after one changed byte, for another audience, and for a nonce that was used', async () => {
    const { verifier, url } = await party.begin(config, { nonce: 'first' });
    const back = await party.signIn(url);
    const { id_token: idToken } = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedNonce: 'first' });
    const jwks = remoteKeys();
    const checks = { issuer: party.issuer, audience: 'shop' };
    await expect(jwtVerify(idToken!, jwks, checks)).resolves.toBeDefined();
    await expect(jwtVerify(idToken!, jwks, { ...checks, audience: 'other' })).rejects.toMatchObject({ code: 'ERR_JWT_CLAIM_VALIDATION_FAILED' });
    for (const at of [idToken!.indexOf('.') + 5, idToken!.length - 20]) {
      const altered = `${idToken!.slice(0, at)}${idToken![at] === 'A' ? 'B' : 'A'}${idToken!.slice(at + 1)}`;
      await expect(jwtVerify(altered, jwks, checks)).rejects.toThrow();
    }
    // A response with the earlier nonce, replayed into another sign-in.
    const second = await party.begin(config, { nonce: 'second' });
    const replayed = await party.signIn((await party.begin(config, { nonce: 'first', code_challenge: second.parameters.code_challenge })).url);
    await expect(client.authorizationCodeGrant(config, replayed, { pkceCodeVerifier: second.verifier, expectedNonce: 'second' })).rejects.toMatchObject({ code: 'OAUTH_JWT_CLAIM_COMPARISON_FAILED', cause: { cause: { claim: 'nonce' } } });
  });

  test('acr_values that leave out unconfirmed matches, or ask for a liveness check, reach the nodes', async () => {
    const verified = 'urn:boop:acr:palm:t1n5:verified:liveness-0';
    const page = async (extra: Record<string, string>) => {
      const browser = party.browser();
      return await browser.follow(await browser.get(String((await party.begin(config, extra)).url)));
    };
    const policyOf = async (extra: Record<string, string>) => {
      const rows = await gateway.sql<{ context: { policy: { acceptUnverified: boolean; livenessLevel?: number } } }>('SELECT context FROM authentications WHERE id = $1', [contextOf((await page(extra)).text)]);
      const { acceptUnverified, livenessLevel } = rows[0]!.context.policy;
      return { acceptUnverified, livenessLevel };
    };
    await expect(policyOf({})).resolves.toEqual({ acceptUnverified: true });
    await expect(policyOf({ acr_values: verified })).resolves.toEqual({ acceptUnverified: false });
    await expect(policyOf({ acr_values: 'urn:boop:acr:palm:t1n5:verified:liveness-1' })).resolves.toEqual({ acceptUnverified: false, livenessLevel: 1 });
    await expect(policyOf({ claims: JSON.stringify({ id_token: { acr: { essential: true, value: verified } } }) })).resolves.toEqual({ acceptUnverified: false });
    expect((await page({ acr_values: 'urn:boop:acr:passkey' })).text).not.toContain('/authenticate/');
  });

  test('cancelling tells the relying party', async () => {
    const { url } = await party.begin(config, { state: 's' });
    const browser = party.browser();
    const page = await browser.follow(await browser.get(String(url)));
    const back = await browser.follow(await browser.post(`/login/${uidOf(page.text)}/cancel`));
    expect(Object.fromEntries(new URL(back.location!).searchParams)).toMatchObject({ error: 'access_denied', state: 's', iss: party.issuer });
    expect((await gateway.call('GET', `/v1/authentications/${contextOf(page.text)}`, { key: keys.shop })).body.status).toBe('cancelled');
  });

  test('a browser that was at one vendor can sign in at another, and no vendor is told of the other', async () => {
    await party.register({}, keys.other);
    const browser = party.browser();
    await party.signIn((await party.begin(config)).url, browser);
    const elsewhere = await party.configure('other', keys.other);
    const page = await browser.follow(await browser.get(String((await party.begin(elsewhere)).url)));
    expect(page.text).toContain('Sign in to <span class="vendor">Other</span>');
  });
});

describe('CIBA', () => {
  test('poll: somebody before a terminal answers, and the terminal shows the message', async () => {
    const request = await client.initiateBackchannelAuthentication(config, { scope: 'openid', login_hint: 'terminal:till', binding_message: 'Table 7' });
    const contextId = String(request['boop_context']);
    const [event] = (await gateway.events('pvs:till')).filter(({ context }) => (context as { contextId?: string } | undefined)?.contextId === contextId);
    expect(event).toMatchObject({ type: 'authentication_requested', context: { bindingMessage: 'Table 7', terminalId: 'till' } });
    const waiting = client.pollBackchannelAuthenticationGrant(config, { ...request, interval: 1 });
    await party.present(contextId);
    const tokens = await waiting;
    expect(tokens.claims()).toMatchObject({ sub: 'subject', aud: 'shop', amr: ['urn:boop:amr:palm'], boop: { context: contextId } });
  });

  test('ping: the client is told once, by its own token', async () => {
    const inbox = new Inbox();
    // CIBA Core section 4 wants https there; the name is led to the inbox.
    party.lead('https://shop.example', await inbox.open());
    await party.register({ backchannel_token_delivery_mode: 'ping', backchannel_client_notification_endpoint: 'https://shop.example/ping' });
    const request = await client.initiateBackchannelAuthentication(config, { scope: 'openid', login_hint: 'terminal:till', client_notification_token: 'a-notification-token' });
    await party.present(String(request['boop_context']));
    await eventually(() => inbox.received.length > 0);
    expect(inbox.received).toEqual([{ headers: expect.objectContaining({ authorization: 'Bearer a-notification-token' }), body: JSON.stringify({ auth_req_id: request.auth_req_id }) }]);
    const tokens = await client.genericGrantRequest(config, 'urn:openid:params:grant-type:ciba', { auth_req_id: request.auth_req_id });
    expect(tokens.id_token).toBeDefined();

    inbox.status = 500;
    const unheard = await client.initiateBackchannelAuthentication(config, { scope: 'openid', login_hint: 'terminal:till', client_notification_token: 'a-notification-token' });
    await party.present(String(unheard['boop_context']));
    await eventually(() => inbox.received.length > 1);
    await expect(client.genericGrantRequest(config, 'urn:openid:params:grant-type:ciba', { auth_req_id: unheard.auth_req_id })).resolves.toHaveProperty('id_token');
    await inbox.close();
    await party.register();
  });

  test('a context that the vendor opened answers one request', async () => {
    const { body: context } = await gateway.call('POST', '/v1/authentications', { key: keys.shop, body: { type: 'access', nonce: 'of-the-context' } });
    const hint = { scope: 'openid', login_hint: `context:${context.id}` };
    const request = await client.initiateBackchannelAuthentication(config, hint);
    await expect(client.initiateBackchannelAuthentication(config, hint)).rejects.toMatchObject({ error: 'invalid_request' });
    await party.present(context.id);
    const tokens = await client.pollBackchannelAuthenticationGrant(config, { ...request, interval: 1 });
    expect(tokens.claims()).toMatchObject({ nonce: 'of-the-context' });
  });

  test('one person: another one who answers is refused', async () => {
    for (const [sub, outcome] of [['subject', 'tokens'], ['somebody-else', 'access_denied']] as const) {
      const request = await client.initiateBackchannelAuthentication(config, { scope: 'openid', login_hint: `sub:${sub}` });
      expect(request['boop_link']).toContain(String(request['boop_context']));
      await party.present(String(request['boop_context']));
      const result = await client.pollBackchannelAuthenticationGrant(config, { ...request, interval: 1 }).then(() => 'tokens', (error: { error?: string }) => error.error);
      expect(result).toBe(outcome);
    }
  });

  test('the person of an earlier token', async () => {
    const { verifier, url } = await party.begin(config);
    const earlier = await client.authorizationCodeGrant(config, await party.signIn(url), { pkceCodeVerifier: verifier });
    const request = await client.initiateBackchannelAuthentication(config, { scope: 'openid', id_token_hint: earlier.id_token! });
    await party.present(String(request['boop_context']));
    expect((await client.pollBackchannelAuthenticationGrant(config, { ...request, interval: 1 })).claims()).toMatchObject({ sub: earlier.claims()!.sub });
  });

  test('a palm that is not recognised, and nobody at all', async () => {
    gateway.nodes.behaviour.decision = { accepted: false, reason: 'no-match', verified: false };
    try {
      const refused = await client.initiateBackchannelAuthentication(config, { scope: 'openid', login_hint: 'terminal:till' });
      await party.present(String(refused['boop_context']));
      await expect(client.pollBackchannelAuthenticationGrant(config, { ...refused, interval: 1 })).rejects.toMatchObject({ error: 'access_denied' });
    } finally {
      gateway.nodes.behaviour.decision = { accepted: true, reason: 'ok', verified: true };
    }
    const request = (extra: Record<string, string>) => client.initiateBackchannelAuthentication(config, { scope: 'openid', login_hint: 'terminal:till', ...extra });
    const asked = ({ auth_req_id }: { auth_req_id: string }): Promise<string | undefined> => client.genericGrantRequest(config, 'urn:openid:params:grant-type:ciba', { auth_req_id }).then(() => 'tokens', ({ error }: { error?: string }) => error);
    await expect(asked(await request({}))).resolves.toBe('authorization_pending');
    const ignored = await request({ requested_expiry: '1' });
    await eventually(async () => (await asked(ignored)) === 'expired_token');
    const database = openDatabase(gateway.databaseUrl);
    try {
      const pruned = async (inMs: number) => await pruneArtifacts({ database, clock: { nowMs: () => Date.now() + inMs } as Clock });
      await pruned(60_000);
      await expect(asked(ignored)).resolves.toBe('expired_token');
      await pruned(6 * 60_000);
      await expect(asked(ignored)).resolves.toBe('invalid_grant');
    } finally {
      await database.$disconnect();
    }
  });

  test('refuses another vendor\'s context as one that is not there', async () => {
    const { body: context } = await gateway.call('POST', '/v1/authentications', { key: keys.other, body: { type: 'access' } });
    await expect(client.initiateBackchannelAuthentication(config, { scope: 'openid', login_hint: `context:${context.id}` })).rejects.toMatchObject({ error: 'unknown_user_id' });
  });

  test.each([
    ['another vendor\'s terminal', { login_hint: 'terminal:other-till' }, 'unknown_user_id'],
    ['a context that is not there', { login_hint: 'context:nothing' }, 'unknown_user_id'],
    ['a hint of no kind', { login_hint: 'mail:a@example.org' }, 'invalid_request'],
    ['a message that is too long', { login_hint: 'terminal:till', binding_message: 'x'.repeat(65) }, 'invalid_binding_message'],
  ])('refuses %s', async (_, parameters, error) => {
    await expect(client.initiateBackchannelAuthentication(config, { scope: 'openid', ...parameters })).rejects.toMatchObject({ error });
  });
});

describe('device flow', () => {
  test('a device without a keyboard gets its token when somebody signs in elsewhere', async () => {
    const device = await client.initiateDeviceAuthorization(config, { scope: 'openid' });
    const browser = party.browser();
    const input = await browser.get(device.verification_uri);
    expect(input.text).toContain('Enter the code that your device shows.');
    expect(input.text).not.toContain('onfocus');
    const confirm = await browser.submit(input, { user_code: device.user_code });
    expect(confirm.text).toContain(device.user_code);
    const login = await browser.submit(confirm);
    await party.present(contextOf(login.text));
    const done = await browser.follow(await browser.post(`/login/${uidOf(login.text)}/finish`));
    expect(done.text).toContain('Your device goes on with Shop');
    const tokens = await client.pollDeviceAuthorizationGrant(config, { ...device, interval: 1 });
    expect(tokens.claims()).toMatchObject({ sub: 'subject', aud: 'shop' });
  });

  test('a code that no device shows is not explained', async () => {
    const browser = party.browser();
    const input = await browser.get(`${party.issuer}/oidc/verify`);
    expect((await browser.submit(input, { user_code: 'BBBB-BBBB' })).text).toContain('No device waits for this code');
  });
});

describe('logout', () => {
  test('tells the relying party by a token of the gateway\'s own key', async () => {
    const inbox = new Inbox();
    const uri = await inbox.open();
    party.lead(uri, uri);
    await party.register({ backchannel_logout_uri: uri, post_logout_redirect_uris: ['https://shop.example/bye'] });
    const browser = party.browser();
    const { verifier, url } = await party.begin(config);
    const tokens = await client.authorizationCodeGrant(config, await party.signIn(url, browser), { pkceCodeVerifier: verifier });
    const out = client.buildEndSessionUrl(config, { id_token_hint: tokens.id_token!, post_logout_redirect_uri: 'https://shop.example/bye' });
    const page = await browser.follow(await browser.get(String(out)));
    const bye = await browser.submit(page, { logout: 'yes' });
    expect(bye.location).toBe('https://shop.example/bye');
    await eventually(() => inbox.received.length > 0);
    const logoutToken = new URLSearchParams(inbox.received[0]!.body).get('logout_token')!;
    const { payload } = await jwtVerify(logoutToken, remoteKeys(), { issuer: party.issuer, audience: 'shop', typ: 'logout+jwt' });
    expect(payload).toMatchObject({ sub: 'subject', events: { 'http://schemas.openid.net/event/backchannel-logout': {} } });
    expect(keyOf(logoutToken)).not.toBe(keyOf(tokens.id_token!));
    await inbox.close();
    await party.register();
  });
});
