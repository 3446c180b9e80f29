import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { fromBase64Url, type Rng, toBase64Url, utf8 } from '@boop/shared';
import {
  type AuthenticationContext,
  authenticationContextSchema,
  type ConsentText,
  giveConsent,
  idTokenClaims,
  parseTokenClaims,
  assembleToken,
  publicJwk,
  separated,
  sessionIdOf,
  signedConsentSchema,
  SigningKey,
  tokenSigningInput,
  verifyConsent,
  verifySignature,
} from './index.ts';

const counting: Rng = { bytes: (count) => Uint8Array.from({ length: count }, (_, i) => i + 1) };
const key = SigningKey.generate(counting);
const text: ConsentText = { version: 'v1', locale: 'en', title: 'Consent', text: 'You agree.' };
const context: AuthenticationContext = {
  v: 1, kind: 'authentication', networkId: 'net', contextId: 'ctx-1', issuer: 'https://issuer.example', vendorId: 'shop', sector: 'shop.example', type: 'access', nonce: 'n',
  policy: { operatingPoint: 'fmr-1e-6', acceptUnverified: false, acceptGatewaySplit: true }, issuedAt: 1, expiresAt: 31,
};
const assurance = { modality: 'palm', nodes: 5, threshold: 1, verified: true } as const;

describe('consent', () => {
  const signed = giveConsent({ networkId: 'net', registrationId: 'r1', text, givenAt: 5 }, key);
  const split = toBase64Url(new Uint8Array(32).fill(3));
  const renewing = giveConsent({ networkId: 'net', registrationId: 'r1', text, givenAt: 5, renews: split }, key);
  const expected = { networkId: 'net', registrationId: 'r1', texts: [text] };

  test('verifies against the published text and its registration', () => {
    for (const consent of [signed, renewing]) expect(() => verifyConsent(signedConsentSchema.parse(consent), expected)).not.toThrow();
  });
  test('that replaces nothing has the bytes that it had before one could', () => {
    const { textHash, accountKey } = signed.record;
    const bytes = `{"accountKey":"${accountKey}","givenAt":5,"networkId":"net","purposes":["biometric-processing","authentication-at-vendors"],"registrationId":"r1","textHash":"${textHash}","textVersion":"v1","v":1}`;
    expect(verifySignature('boop-consent/1', utf8(bytes), signed.signature, accountKey)).toBe(true);
    expect(renewing.record).toEqual({ ...signed.record, renews: split });
  });
  test.each([
    ['consent.wrong-registration', signed, { ...expected, registrationId: 'r2' }],
    ['consent.wrong-registration', signed, { ...expected, networkId: 'other' }],
    ['consent.invalid', signed, { ...expected, texts: [{ ...text, text: 'You agree to more.' }] }],
    ['consent.invalid', { ...signed, record: { ...signed.record, givenAt: 6 } }, expected],
    ['consent.invalid', { ...signed, record: { ...signed.record, renews: split } }, expected],
    ['consent.invalid', { ...renewing, record: { ...renewing.record, renews: signed.signature.slice(0, 43) } }, expected],
    ['consent.invalid', { ...renewing, record: signed.record }, expected],
    ['consent.invalid', { ...signed, record: { ...signed.record, accountKey: SigningKey.fromSecret(new Uint8Array(32).fill(9)).publicKey } }, expected],
  ])('is refused with %s when anything differs', (code, consent, against) => {
    expect(() => verifyConsent(consent, against)).toThrow(expect.objectContaining({ code }));
  });
});

describe('signatures', () => {
  test('bind their domain and verify under node:crypto', () => {
    const signature = key.sign('domain-a', Uint8Array.of(1));
    expect(verifySignature('domain-a', Uint8Array.of(1), signature, key.publicKey)).toBe(true);
    expect(verifySignature('domain-b', Uint8Array.of(1), signature, key.publicKey)).toBe(false);
    expect(verifySignature('domain-a', Uint8Array.of(1), '!!', key.publicKey)).toBe(false);
    const jwk = publicJwk(key.publicKey);
    expect(verify(null, separated('domain-a', Uint8Array.of(1)), createPublicKey({ key: jwk, format: 'jwk' }), fromBase64Url(signature))).toBe(true);
  });
  test('the secret never prints', () => {
    expect(JSON.stringify({ key })).toBe('{"key":"[secret]"}');
  });
});

describe('the claim set', () => {
  const claims = idTokenClaims({ context, sub: 'abc', assurance, splitAt: 'edge', epoch: 1, authTime: 10 });
  test('is the same bytes for the same view and others for any other view', () => {
    const group = fromBase64Url(key.publicKey);
    const bytes = tokenSigningInput(claims, group);
    expect(tokenSigningInput({ ...claims }, group)).toEqual(bytes);
    for (const other of [{ ...assurance, verified: false }, { ...assurance, threshold: 2 }])
      expect(tokenSigningInput(idTokenClaims({ context, sub: 'abc', assurance: other, splitAt: 'edge', epoch: 1, authTime: 10 }), group)).not.toEqual(bytes);
    expect(parseTokenClaims(assembleToken(bytes, new Uint8Array(64)))).toEqual(claims);
  });
  test('a context with an unknown field is refused, and its session id covers every field', () => {
    expect(authenticationContextSchema.safeParse({ ...context, extra: 1 }).success).toBe(false);
    const ids = [context, { ...context, nonce: 'm' }, { ...context, sector: 'x' }, { ...context, policy: { ...context.policy, acceptUnverified: true } }].map(sessionIdOf);
    expect(new Set(ids).size).toBe(ids.length);
  });
  test('has a nonce exactly when its context has one', () => {
    const { nonce: _, ...silent } = context;
    const of = (asked: typeof silent) => idTokenClaims({ context: authenticationContextSchema.parse(asked), sub: 'abc', assurance, splitAt: 'edge', epoch: 1, authTime: 10 });
    expect(Object.keys(of(silent))).not.toContain('nonce');
    expect(of(context).nonce).toBe(context.nonce);
  });
  test('a token that is not ours is refused', () => {
    expect(() => parseTokenClaims('a.b')).toThrow(expect.objectContaining({ code: 'token.malformed' }));
  });
});
