import { describe, expect, test } from '@jest/globals';
import { authenticationContext, createFakeNetwork } from '../fixtures/fake-network.ts';
import { createTokenVerifier, jwksUrlOf } from './token-verifier.ts';

const network = await createFakeNetwork();
const context = authenticationContext();
const nonce = context.nonce;
const stranger = await createFakeNetwork({ seed: 2 });
const now = Math.floor(Date.now() / 1000);

const verifier = (fetchPort: () => Promise<Response> = () => Promise.resolve(Response.json(network.jwks)), expected = { issuer: 'https://gateway.test', audience: 'vendor-1' }) =>
  createTokenVerifier(jwksUrlOf('https://gateway.test/'), expected, fetchPort as unknown as typeof fetch);

describe('verification of ID tokens', () => {
  test('takes a token of this network for this vendor and nonce', async () => {
    const claims = await verifier()(network.token(context), { nonce });
    expect(claims).toMatchObject({ iss: 'https://gateway.test', aud: 'vendor-1', sub: 'pairwise', nonce, boop: { context: 'ctx_1', verified: true } });
  });

  test.each([
    ['another nonce', network.token(authenticationContext({ nonce: 'stale' }))],
    ['another audience', network.token(context, { aud: 'vendor-2' })],
    ['another issuer', network.token(context, { iss: 'https://elsewhere.test' })],
    ['one that has expired', network.token(context, { iat: now - 900, exp: now - 600 })],
    ['an altered payload', network.token(context).replace(/\.[^.]+\./, `.${network.token(context, { sub: 'somebody' }).split('.')[1]}.`)],
    ['another network\'s key', stranger.token(context)],
    ['no signature', `${btoa('{"alg":"none"}').replaceAll('=', '')}.${network.token(context).split('.')[1]}.`],
    ['rubbish', 'not.a.token'],
  ])('refuses %s', async (_, token) => {
    await expect(verifier()(token, { nonce })).rejects.toMatchObject({ code: 'token.invalid', kind: 'peer' });
  });

  test('refuses a nonce that nobody asked for, and the lack of one that was', async () => {
    const { nonce: _, ...silent } = context;
    await expect(verifier()(network.token(silent), {})).resolves.not.toHaveProperty('nonce');
    await expect(verifier()(network.token(context), {})).rejects.toMatchObject({ code: 'token.invalid' });
    await expect(verifier()(network.token(silent), { nonce })).rejects.toMatchObject({ code: 'token.invalid' });
  });

  test('says nothing about the token when the keys can not be fetched', async () => {
    const token = network.token(context);
    await expect(verifier(() => Promise.reject(new TypeError('fetch failed')))(token, { nonce })).rejects.toMatchObject({ code: 'connection.lost' });
    await expect(verifier(() => Promise.resolve(new Response('', { status: 503 })))(token, { nonce })).rejects.toMatchObject({ code: 'connection.lost' });
  });
});
