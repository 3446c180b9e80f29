import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import * as client from 'openid-client';
import { callback, contextOf, RelyingParty, uidOf } from '../testing/relying-party.ts';
import { keys, TestGateway } from '../testing/test-gateway.ts';

let gateway: TestGateway;
let party: RelyingParty;
let config: client.Configuration;

beforeAll(async () => {
  gateway = await TestGateway.start();
  party = new RelyingParty(gateway);
  await party.register();
  config = await party.configure();
}, 120_000);
afterAll(() => gateway?.stop());

const redeem = (back: URL, verifier: string, by = config): Promise<string> =>
  client.authorizationCodeGrant(by, back, { pkceCodeVerifier: verifier }).then(() => 'tokens', ({ error, code }: { error?: string; code?: string }) => error ?? code ?? 'failed');

async function signedIn(): Promise<{ verifier: string; back: URL }> {
  const { verifier, url } = await party.begin(config);
  return { verifier, back: await party.signIn(url) };
}

describe('authorization requests', () => {
  const answer = async (change: (url: URL) => void) => {
    const { url } = await party.begin(config, { state: 's' });
    change(url);
    const browser = party.browser();
    return await browser.follow(await browser.get(url.href));
  };

  test.each([
    ['without PKCE', (url: URL) => url.searchParams.delete('code_challenge'), 'invalid_request'],
    ['with plain PKCE', (url: URL) => url.searchParams.set('code_challenge_method', 'plain'), 'invalid_request'],
    ['for a token in the front channel', (url: URL) => url.searchParams.set('response_type', 'id_token'), 'unsupported_response_type'],
    ['for a silent sign-in', (url: URL) => url.searchParams.set('prompt', 'none'), 'login_required'],
    ['with claims that are no JSON', (url: URL) => url.searchParams.set('claims', '{'), 'invalid_request'],
    ['with a request object', (url: URL) => url.searchParams.set('request', 'e30.e30.'), 'request_not_supported'],
  ])('%s are told off at the redirect URI', async (_, change, error) => {
    const { location } = await answer(change);
    expect(location).toMatch(/^https:\/\/shop\.example\/callback[?#]/);
    expect(location!.replace('#', '?')).toContain(`error=${error}`);
  });

  test.each([
    ['an unregistered redirect URI', (url: URL) => url.searchParams.set('redirect_uri', 'https://shop.example/callback/../evil'), 400],
    ['one that begins alike', (url: URL) => url.searchParams.set('redirect_uri', `${callback}.evil.example`), 400],
    ['an unknown client', (url: URL) => url.searchParams.set('client_id', 'nobody'), 400],
  ])('%s leads nowhere', async (_, change, status) => {
    const page = await answer(change);
    expect(page).toMatchObject({ status, location: undefined });
    expect(page.text).toContain('The sign-in could not go on');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page.text).not.toContain('evil');
  });
});

describe('the token endpoint', () => {
  test('redeems a code once, and takes back what it gave when it comes again', async () => {
    const { verifier, back } = await signedIn();
    const tokens = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier });
    expect(await redeem(back, verifier)).toBe('invalid_grant');
    await expect(client.fetchUserInfo(config, tokens.access_token, 'subject')).rejects.toThrow();
  });

  test('redeems it once also when two ask at the same moment', async () => {
    const { verifier, back } = await signedIn();
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => redeem(back, verifier)));
    expect(outcomes.filter((outcome) => outcome === 'tokens').length).toBeLessThanOrEqual(1);
    expect(outcomes.filter((outcome) => outcome === 'invalid_grant').length).toBeGreaterThanOrEqual(5);
  });

  test('wants the verifier, the client and the redirect URI of the code', async () => {
    const [first, second] = [await signedIn(), await signedIn()];
    expect(await redeem(first.back, second.verifier)).toBe('invalid_grant');
    await party.register({}, keys.other);
    expect(await redeem(first.back, first.verifier, await party.configure('other', keys.other))).toBe('invalid_grant');
    const elsewhere = new URL(first.back);
    elsewhere.pathname = '/elsewhere';
    expect(await redeem(elsewhere, first.verifier)).toBe('invalid_grant');
    expect(await redeem(first.back, first.verifier)).toBe('tokens');
  });

  test('knows an API key of another vendor, a revoked one and none at all for what they are', async () => {
    for (const secret of [keys.other, keys.till, keys.admin, 'sk_test_nothing', 'an API key of the vendor']) {
      await expect(client.clientCredentialsGrant(await party.configure('shop', secret))).rejects.toMatchObject({ error: 'invalid_client' });
    }
    await expect(client.clientCredentialsGrant(await party.configure('shop', keys.shop, client.ClientSecretBasic(keys.shop)))).resolves.toMatchObject({ token_type: 'bearer' });
    await expect(client.clientCredentialsGrant(await party.configure('shop', keys.shop, client.None()))).rejects.toMatchObject({ error: 'invalid_client' });
  });

  test('takes a client\'s own key in place of a secret, and no token without a signature', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    await party.register({ token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' }] } });
    try {
      await expect(client.clientCredentialsGrant(await party.configure('shop', keys.shop, client.PrivateKeyJwt({ key: privateKey, kid: 'k' })))).resolves.toMatchObject({ token_type: 'bearer' });
      const now = Math.floor(Date.now() / 1000);
      const claims = { iss: 'shop', sub: 'shop', aud: party.issuer, jti: 'assertion-1', iat: now, exp: now + 60 };
      const none = `${btoa('{"alg":"none"}').replaceAll('=', '')}.${btoa(JSON.stringify(claims)).replaceAll('=', '')}.`;
      const response = await party.fetch(`${party.issuer}/oidc/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ grant_type: 'client_credentials', client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: none }).toString(),
      });
      expect(await response.json()).toMatchObject({ error: 'invalid_client' });
    } finally {
      await party.register();
    }
  });

  test('gives tokens that end: the interface and the user information refuse them then', async () => {
    const { access_token: own, expires_in: seconds } = await client.clientCredentialsGrant(config);
    const { verifier, back } = await signedIn();
    const { access_token: persons } = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier });
    const ask = async (path: string, token: string) => {
      const response = await party.fetch(`${party.issuer}${path}`, { headers: { authorization: `Bearer ${token}` } });
      const { code, error } = (await response.json()) as { code?: string; error?: string };
      return { status: response.status, code: code ?? error, challenge: response.headers.get('www-authenticate') };
    };
    await expect(ask('/v1/oidc-client', own)).resolves.toMatchObject({ status: 200 });
    await expect(ask('/oidc/userinfo', persons)).resolves.toMatchObject({ status: 200 });

    // All clocks of the process, the provider's among them; the rows stay, as they do until the next clean-up.
    const now = Date.now;
    const later = (ms: number) => jest.spyOn(Date, 'now').mockImplementation(() => now() + ms);
    try {
      later((seconds! - 30) * 1000);
      await expect(ask('/v1/oidc-client', own)).resolves.toMatchObject({ status: 200 });
      later((seconds! + 60) * 1000);
      await expect(ask('/v1/oidc-client', own)).resolves.toMatchObject({ status: 401, code: 'request.unauthenticated', challenge: expect.stringContaining('Bearer') });
      await expect(ask('/oidc/userinfo', persons)).resolves.toMatchObject({ status: 401, code: 'invalid_token', challenge: expect.stringContaining('error="invalid_token"') });
    } finally {
      jest.restoreAllMocks();
    }
    await expect(ask('/v1/oidc-client', own)).resolves.toMatchObject({ status: 200 });
  });

  test('does not let the public address be changed by a header', async () => {
    const response = await party.fetch(`${party.issuer}/.well-known/openid-configuration`, { headers: { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', forwarded: 'host=evil.example' } });
    expect(await response.text()).not.toContain('evil');
  });
});

describe('registration', () => {
  test.each([
    ['plain HTTP that is not loopback', { redirect_uris: ['http://shop.example/callback'] }],
    ['a script', { redirect_uris: ['javascript:alert(1)'] }],
    ['a fragment', { redirect_uris: [`${callback}#a`] }],
    ['an unknown member', { redirect_uris: [], id_token_signed_response_alg: 'none' }],
    ['a ping without an address', { backchannel_token_delivery_mode: 'ping' }],
    ['a ping in the clear', { backchannel_token_delivery_mode: 'ping', backchannel_client_notification_endpoint: 'http://shop.example/ping' }],
    ['its own key without a key', { token_endpoint_auth_method: 'private_key_jwt' }],
  ])('refuses %s', async (_, metadata) => {
    const response = await party.fetch(`${party.issuer}/v1/oidc-client`, { method: 'PUT', headers: { authorization: `Bearer ${keys.shop}`, 'content-type': 'application/json' }, body: JSON.stringify(metadata) });
    const { code } = (await response.json()) as { code: string };
    expect({ status: response.status, code }).toEqual({ status: 400, code: 'request.malformed' });
  });
});

test('a registration is replaced only from what was read', async () => {
  const ask = (method: string, body?: object, headers: Record<string, string> = {}) => gateway.call(method, '/v1/oidc-client', { key: keys.other, headers, ...(body ? { body } : {}) });
  const etag = (await ask('GET')).headers.get('etag')!;
  const replace = (path: string) => ask('PUT', { redirect_uris: [`https://other.example/${path}`] }, { 'if-match': etag });
  const answers = await Promise.all(['a', 'b', 'c'].map(replace));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
  const { body, headers } = await ask('GET');
  expect(body).toEqual(answers.find(({ status }) => status === 200)!.body);
  expect((await ask('GET', undefined, { 'if-none-match': headers.get('etag')! })).status).toBe(304);
});

describe('the sign-in page', () => {
  const begun = async () => {
    const browser = party.browser();
    const page = await browser.follow(await browser.get((await party.begin(config)).url.href));
    return { browser, page, uid: uidOf(page.text) };
  };

  test('is the browser\'s that began it', async () => {
    const { uid } = await begun();
    const stranger = await begun();
    for (const path of [`/login/${uid}`, `/login/${uid}/state`]) expect((await stranger.browser.get(path)).status).toBe(404);
    expect((await stranger.browser.post(`/login/${uid}/finish`)).status).toBe(404);
  });

  test('ends only after a palm, and not at another page\'s request', async () => {
    const { browser, page, uid } = await begun();
    expect((await browser.post(`/login/${uid}/finish`)).status).toBe(409);
    await party.present(contextOf(page.text));
    expect((await browser.post(`/login/${uid}/finish`, {}, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await browser.post(`/login/${uid}/finish`, {}, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await browser.post(`/login/${uid}/finish`)).status).toBe(303);
  });

  test('tells of a palm that was not recognised, and tries again when asked', async () => {
    const { browser, page, uid } = await begun();
    gateway.nodes.behaviour.decision = { accepted: false, reason: 'no-match', verified: false };
    try {
      await party.present(contextOf(page.text));
    } finally {
      gateway.nodes.behaviour.decision = { accepted: true, reason: 'ok', verified: true };
    }
    const refused = await browser.get(`/login/${uid}`);
    expect(refused.text).toContain('Your palm was not recognised');
    const again = await browser.get(`/login/${uid}?again=1`);
    expect(contextOf(again.text)).not.toBe(contextOf(page.text));
    expect((await browser.get(`/login/${uid}/state`)).text).toBe('{"status":"waiting"}');
  });

  test('has a strict policy and runs nothing inline', async () => {
    const { page } = await begun();
    expect(page.headers.get('content-security-policy')).toBe("default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self' https://shop.example; base-uri 'none'; frame-ancestors 'none'");
    expect(page.text).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=|style=|javascript:/);
    expect(page.text).toContain('<noscript>');
  });
});

describe('an ID token as a hint', () => {
  test('is one of the network\'s, for this client, unchanged and signed', async () => {
    const { verifier, back } = await signedIn();
    const { id_token: token } = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier });
    const [, payload] = token!.split('.') as [string, string];
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
    const stranger = await generateKeyPair('EdDSA');
    const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const hint = async (idTokenHint: string) => (await party.browser().get(client.buildEndSessionUrl(config, { id_token_hint: idTokenHint }).href)).status;
    expect(await hint(token!)).toBe(200);
    for (const foreign of [
      await new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA' }).sign(stranger.privateKey),
      `${encoded({ alg: 'none' })}.${payload}.`,
      token!.replace(payload, encoded({ ...claims, sub: 'somebody-else' })),
      token!.replace(payload, encoded({ ...claims, aud: 'other' })),
      'not.a.token',
    ]) {
      expect(await hint(foreign)).toBe(400);
      await expect(client.initiateBackchannelAuthentication(config, { scope: 'openid', id_token_hint: foreign })).rejects.toMatchObject({ status: 400 });
    }
  });
});

describe('access tokens at the REST API', () => {
  const open = (headers: Record<string, string>): Promise<number> => gateway.call('POST', '/v1/authentications', { body: { type: 'access' }, headers }).then(({ status }) => status);

  test('stand for their vendor until they are revoked; a person\'s access token does not', async () => {
    const { access_token: token } = await client.clientCredentialsGrant(config);
    expect(await open({ authorization: `Bearer ${token}` })).toBe(201);
    expect(await open({ authorization: `Bearer ${token}x` })).toBe(401);
    await client.tokenRevocation(config, token);
    expect(await open({ authorization: `Bearer ${token}` })).toBe(401);
    const { verifier, back } = await signedIn();
    const person = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier });
    expect(await open({ authorization: `Bearer ${person.access_token}` })).toBe(401);
  });

  test('bound to a key they take a new proof by it every time', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const handle = client.getDPoPHandle(config, { privateKey, publicKey });
    const { access_token: token } = await client.clientCredentialsGrant(config, undefined, { DPoP: handle });
    const jwk = await exportJWK(publicKey);
    const ath = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(token))).toString('base64url');
    let count = 0;
    const proof = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}, key = privateKey) =>
      new SignJWT({ jti: `proof-${count++}`, htm: 'POST', htu: `${party.issuer}/v1/authentications`, ath, iat: Math.floor(Date.now() / 1000), ...claims }).setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header }).sign(key);
    const authorization = `DPoP ${token}`;

    const good = await proof();
    expect(await open({ authorization, dpop: good })).toBe(201);
    expect(await open({ authorization, dpop: good })).toBe(401);
    expect(await open({ authorization })).toBe(401);
    expect(await open({ authorization: `Bearer ${token}` })).toBe(401);
    for (const claims of [{ htm: 'GET' }, { htu: `${party.issuer}/v1/other` }, { ath: 'AA' }, { iat: 1 }, { jti: undefined }]) expect(await open({ authorization, dpop: await proof(claims) })).toBe(401);
    expect(await open({ authorization, dpop: await proof({}, { typ: 'jwt' }) })).toBe(401);
    const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const unsigned = `${encoded({ alg: 'none', typ: 'dpop+jwt', jwk })}.${encoded({ jti: 'unsigned', htm: 'POST', htu: `${party.issuer}/v1/authentications`, ath, iat: Math.floor(Date.now() / 1000) })}.`;
    expect(await open({ authorization, dpop: unsigned })).toBe(401);
    const stranger = await generateKeyPair('ES256', { extractable: true });
    expect(await open({ authorization, dpop: await proof({}, { jwk: await exportJWK(stranger.publicKey) }, stranger.privateKey) })).toBe(401);
    const raced = await proof();
    expect((await Promise.all([1, 2, 3, 4].map(() => open({ authorization, dpop: raced })))).filter((status) => status === 201)).toHaveLength(1);
  });
});

describe('what is stored', () => {
  test('holds no token, code or name in the clear, and nothing of them is logged', async () => {
    const { verifier, back } = await signedIn();
    const tokens = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier });
    const secrets = [tokens.access_token, back.searchParams.get('code')!];
    const rows = await gateway.sql('SELECT encode(payload, $1) AS payload, encode(id_hash, $1) AS id FROM oidc_artifacts', ['escape']);
    const requests = await gateway.sql('SELECT * FROM oidc_backchannel_requests');
    expect(rows.length).toBeGreaterThan(3);
    for (const text of [JSON.stringify(rows), JSON.stringify(requests), gateway.logged.join()]) for (const secret of secrets) expect(text).not.toContain(secret);
    expect(gateway.logged.join()).not.toContain(tokens.id_token!.split('.')[2]);
  });
});
