import { describe, expect, test } from '@jest/globals';
import { inspect } from 'node:util';
import { jwtVerify, SignJWT, importJWK } from 'jose';
import { type NetworkManifest } from '@boop/protocol';
import { seal, unseal } from './artifacts/sealed-box.ts';
import { parseLoginHint } from './ciba/login-hints.ts';
import { acceptedWays, acrPasskey, acrValuesOf } from './login/acr.ts';
import { palmGrantId, parsePalmGrantId } from './login/palm-logins.ts';
import { OidcSecrets } from './oidc-secrets.ts';
import { html, Html } from './pages/html.ts';
import { agrees } from './provider/id-tokens.ts';

const manifest = { members: [1, 2, 3, 4, 5], threshold: 1, livenessChecks: [{ id: 'palm-passive-1', level: 1, publicKey: 'k' }] } as unknown as NetworkManifest;
const [verified, unverified, lively, livelyUnverified] = acrValuesOf(manifest) as [string, string, string, string];

describe('the requested acr', () => {
  const all = { palm: true, passkey: true, unverified: true, livenessLevel: 0 };
  test.each([
    [{}, all],
    [{ acr_values: 'urn:elsewhere:loa:3' }, all],
    [{ acr_values: `${verified} ${unverified}` }, { palm: true, passkey: false, unverified: true, livenessLevel: 0 }],
    [{ acr_values: verified }, { palm: true, passkey: false, unverified: false, livenessLevel: 0 }],
    [{ acr_values: acrPasskey }, { palm: false, passkey: true, unverified: false, livenessLevel: 0 }],
    [{ acr_values: lively }, { palm: true, passkey: false, unverified: false, livenessLevel: 1 }],
    [{ acr_values: `${lively} ${livelyUnverified} ${acrPasskey}` }, { palm: true, passkey: true, unverified: true, livenessLevel: 1 }],
    [{ acr_values: `${livelyUnverified} ${verified}` }, { palm: true, passkey: false, unverified: false, livenessLevel: 0 }],
    [{ acr_values: lively.replace('liveness-1', 'liveness-2') }, all],
    [{ claims: JSON.stringify({ id_token: { acr: { essential: true, values: [verified] } } }) }, { palm: true, passkey: false, unverified: false, livenessLevel: 0 }],
    [{ claims: JSON.stringify({ id_token: { acr: null } }) }, all],
    [{ claims: JSON.stringify({ userinfo: {} }) }, all],
  ])('%p', (params, ways) => {
    expect(acceptedWays(params, manifest)).toEqual(ways);
  });
});

describe('a login hint', () => {
  test.each([
    ['context:ctx_1', { kind: 'context', id: 'ctx_1' }],
    ['terminal:till', { kind: 'terminal', id: 'till' }],
    ['sub:a:b', { kind: 'sub', sub: 'a:b' }],
    ['context:', undefined],
    ['terminal:../etc', undefined],
    ['sub:with space', undefined],
    ['mail:x', undefined],
    ['', undefined],
  ])('%p', (text, hint) => {
    expect(parseLoginHint(text)).toEqual(hint);
  });
});

describe('a grant', () => {
  test('names one context', () => {
    expect(parsePalmGrantId(palmGrantId('shop', 'ctx_1'))).toEqual({ vendorId: 'shop', contextId: 'ctx_1' });
    for (const other of ['', 'palm shop', 'passkey abc', 'palm a b c', 'palm  ctx_1']) expect(parsePalmGrantId(other)).toBeUndefined();
  });

  test('gives the nodes\' token only where it says what the provider would', () => {
    const claims = { iss: 'i', aud: 'a', sub: 's', nonce: 'n', auth_time: 1, acr: 'c', amr: ['m'] };
    const expected = { sub: 's', nonce: 'n', auth_time: 1, acr: 'c', amr: ['m'] };
    const token = { idToken: '', claims } as unknown as Parameters<typeof agrees>[0];
    const request = { issuer: 'i', audience: 'a' };
    expect(agrees(token, expected, request)).toBe(true);
    for (const name of Object.keys(expected)) expect(agrees(token, { ...expected, [name]: 'other' }, request)).toBe(false);
    expect(agrees(token, { ...expected, nonce: undefined }, request)).toBe(false);
    expect(agrees(token, expected, { ...request, audience: 'b' })).toBe(false);
    expect(agrees(token, expected, { ...request, issuer: 'b' })).toBe(false);
  });
});

describe('secrets', () => {
  const secrets = new OidcSecrets(new Uint8Array(32).fill(1));
  test('are another key for every purpose and never print', async () => {
    const { d, ...publicPart } = secrets.signingJwk;
    expect(new Set([secrets.cookieKey, secrets.sealingKey].map((key) => key.toString('base64url')).concat(d)).size).toBe(3);
    expect(secrets.publicJwk).toEqual(publicPart);
    for (const text of [inspect(secrets), JSON.stringify(secrets)]) expect(text).not.toContain(d);
    const token = await new SignJWT({}).setProtectedHeader({ alg: 'EdDSA' }).sign(await importJWK(secrets.signingJwk, 'EdDSA'));
    await expect(jwtVerify(token, await importJWK(publicPart, 'EdDSA'))).resolves.toBeDefined();
  });

  test('open what they sealed, in its place and unchanged', () => {
    const { sealingKey } = secrets;
    const sealed = seal(sealingKey, 'place', 'text');
    expect(unseal(sealingKey, 'place', sealed)).toBe('text');
    expect(unseal(sealingKey, 'other', sealed)).toBeUndefined();
    expect(unseal(new OidcSecrets(new Uint8Array(32)).sealingKey, 'place', sealed)).toBeUndefined();
    for (const at of sealed.keys()) expect(unseal(sealingKey, 'place', sealed.map((byte, i) => (i === at ? byte ^ 1 : byte)))).toBeUndefined();
    expect(unseal(sealingKey, 'place', sealed.subarray(0, 20))).toBeUndefined();
  });
});

describe('pages', () => {
  test('escape everything but what is HTML already', () => {
    expect(html`<p class="${'"\'&'}">${'<b>'}${new Html('<i>')}${undefined}${false}${[html`<u>`, 1]}</p>`.text).toBe('<p class="&quot;&#39;&amp;">&lt;b&gt;<i><u>1</p>');
  });
});
