import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { toBase64Url, utf8 } from '@boop/shared';
import {
  type ConsentGrant, consentCommitment, consentGrantBytes, consentGrantDomain, consentGrantHash, consentRevocationHash, enrolPasskey, erasureRequestBytes, erasureRequestDomain, type ErasureRequest, grantConsent, grantWithPasskey, type OwnerCall,
  ownerAuthorization, ownerCallBytes, ownerCallDomain, parseOwnerAuthorization, type PasskeyRecord, passkeyChallenge, permits, type PurposeText, purposeTextHash, refusalOf, revokeConsent, signAsOwner, signedGrantSchema, SigningKey,
  verifyConsentCommitment, verifyErasureRequest, verifyGrant, verifyGrantFollows, verifyOwnerCall, verifyRevocation,
} from '../index.ts';

const filled = (byte: number, size = 32): string => toBase64Url(new Uint8Array(size).fill(byte));
const owner = SigningKey.fromSecret(new Uint8Array(32).fill(7));
const stranger = SigningKey.fromSecret(new Uint8Array(32).fill(8));
const text: PurposeText = { purpose: 'age-check', version: 'v1', locale: 'en', title: 'Age', text: 'The shop learns whether you are of age.' };
const record: ConsentGrant = {
  v: 1, kind: 'consent-grant', networkId: 'net', consentId: 'c1', accountKey: owner.publicKey, vendorId: 'shop', recipientKey: filled(1), purpose: 'age-check', textVersion: 'v1', textHash: purposeTextHash(text),
  attributes: [{ name: 'is_adult', positions: ['right-palm'] }], givenAt: 100, validFrom: 100, expiresAt: 200, nonce: filled(2),
};
const grant = grantConsent(record, owner);
const refused = (code: string) => expect.objectContaining({ code });

describe('a grant', () => {
  test('verifies with and without the published texts', () => {
    expect(() => verifyGrant(grant, { networkId: 'net' })).not.toThrow();
    expect(() => verifyGrant(grant, { networkId: 'net', texts: [text] })).not.toThrow();
  });
  test.each([
    ['grant.wrong-network', grant, { networkId: 'other' }],
    ['grant.unknown-text', grant, { networkId: 'net', texts: [{ ...text, text: 'The shop learns all.' }] }],
    ['grant.unknown-text', grant, { networkId: 'net', texts: [{ ...text, purpose: 'marketing' }] }],
    ['owner.bad-signature', { ...grant, record: { ...record, vendorId: 'other' } }, { networkId: 'net' }],
    ['owner.bad-signature', { ...grant, record: { ...record, recipientKey: filled(3) } }, { networkId: 'net' }],
    ['owner.bad-signature', { ...grant, record: { ...record, expiresAt: 201 } }, { networkId: 'net' }],
    ['owner.bad-signature', grantConsent(record, stranger), { networkId: 'net' }],
    ['grant.malformed', grantConsent({ ...record, expiresAt: 100 }, owner), { networkId: 'net' }],
    ['grant.malformed', grantConsent({ ...record, attributes: [record.attributes[0]!, record.attributes[0]!] }, owner), { networkId: 'net' }],
    ['grant.malformed', grantConsent({ ...record, attributes: [{ name: 'is_adult', positions: ['left-palm', 'left-palm'] }] }, owner), { networkId: 'net' }],
  ])('is refused with %s (case %#)', (code, signed, expected) => {
    expect(() => verifyGrant(signed, expected)).toThrow(refused(code));
  });
  test('with an unknown field is refused by its schema', () => {
    expect(signedGrantSchema.safeParse({ ...grant, record: { ...record, extra: 1 } }).success).toBe(false);
    expect(signedGrantSchema.safeParse({ ...grant, signed: { ...grant.signed, extra: 1 } }).success).toBe(false);
  });

  const request = { vendorId: 'shop', recipientKey: filled(1), purpose: 'age-check', attribute: 'is_adult', position: 'right-palm', now: 150 } as const;
  test.each([
    [undefined, {}],
    [undefined, { position: undefined }],
    ['consent.wrong-vendor', { vendorId: 'other' }],
    ['consent.wrong-recipient', { recipientKey: filled(9) }],
    ['consent.wrong-purpose', { purpose: 'marketing' }],
    ['consent.wrong-attribute', { attribute: 'birth_date' }],
    ['consent.wrong-palm', { position: 'left-palm' }],
    ['consent.not-yet-valid', { now: 99 }],
    ['consent.expired', { now: 200 }],
  ] as const)('answers %s for %o', (code, change) => {
    expect(refusalOf(record, { ...request, ...change })).toBe(code);
    expect(permits(record, { ...request, ...change })).toBe(code === undefined);
  });

  test('is followed only by one of the same person and vendor that names it', () => {
    const next: ConsentGrant = { ...record, expiresAt: 300, previous: consentGrantHash(record) };
    expect(() => verifyGrantFollows(record, undefined)).not.toThrow();
    expect(() => verifyGrantFollows(next, record)).not.toThrow();
    for (const wrong of [{ ...next, vendorId: 'other' }, { ...next, accountKey: stranger.publicKey }, { ...next, previous: filled(5) }, { ...next, givenAt: 99 }, record])
      expect(() => verifyGrantFollows(wrong, record)).toThrow(refused('grant.not-next'));
    expect(() => verifyGrantFollows(next, undefined)).toThrow(refused('grant.not-next'));
  });
});

describe('a revocation', () => {
  const revocation = revokeConsent({ grant: record, revokedAt: 150, nonce: filled(4) }, owner);
  test('verifies with the grant and, at a node that has none yet, without', () => {
    expect(() => verifyRevocation(revocation, { networkId: 'net', grant: record })).not.toThrow();
    expect(() => verifyRevocation(revocation, { networkId: 'net' })).not.toThrow();
  });
  test.each([
    ['revocation.wrong-network', revocation, { networkId: 'other' }],
    ['revocation.wrong-consent', revocation, { networkId: 'net', grant: { ...record, consentId: 'c2' } }],
    ['revocation.wrong-consent', revocation, { networkId: 'net', grant: { ...record, accountKey: stranger.publicKey } }],
    ['owner.bad-signature', { ...revocation, record: { ...revocation.record, revokedAt: 151 } }, { networkId: 'net' }],
    ['owner.bad-signature', revokeConsent({ grant: record, revokedAt: 150, nonce: filled(4) }, stranger), { networkId: 'net' }],
  ])('is refused with %s (case %#)', (code, signed, expected) => {
    expect(() => verifyRevocation(signed, expected)).toThrow(refused(code));
  });
  test('has a commitment that opens to it alone', () => {
    const opening = { opening: filled(6), document: consentRevocationHash(revocation.record) };
    const commitment = consentCommitment(opening);
    expect(() => verifyConsentCommitment(commitment, opening)).not.toThrow();
    expect(() => verifyConsentCommitment(commitment, { ...opening, document: consentGrantHash(record) })).toThrow(refused('consent.wrong-opening'));
    expect(() => verifyConsentCommitment(commitment, { ...opening, opening: filled(7) })).toThrow(refused('consent.wrong-opening'));
    expect(() => consentCommitment({ ...opening, opening: filled(6, 31) })).toThrow(refused('consent.malformed-opening'));
  });
});

/** An authenticator as WebAuthn describes it: node:crypto signs, so nothing here shares code with what verifies. */
function authenticator(algorithm: 'ES256' | 'EdDSA') {
  const pair = algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  const { x, y } = pair.publicKey.export({ format: 'jwk' }) as { x: string; y?: string };
  const point = y === undefined ? Buffer.from(x, 'base64url') : Buffer.concat([Buffer.of(2 + (Buffer.from(y, 'base64url')[31]! & 1)), Buffer.from(x, 'base64url')]);
  const passkey: PasskeyRecord = {
    v: 1, kind: 'passkey', networkId: 'net', accountKey: owner.publicKey, credentialId: filled(3, 16), algorithm, publicKey: point.toString('base64url'), rpId: 'owner.example', origins: ['https://owner.example'], validFrom: 50, expiresAt: 1_000,
  };
  const assert = (challenge: Uint8Array, change: { flags?: number; rpId?: string; client?: object; tail?: Uint8Array } = {}) => {
    const clientData = utf8(JSON.stringify({ type: 'webauthn.get', challenge: toBase64Url(challenge), origin: 'https://owner.example', crossOrigin: false, ...change.client }));
    const data = Buffer.concat([createHash('sha256').update(change.rpId ?? 'owner.example').digest(), Buffer.of(change.flags ?? 5, 0, 0, 0, 1), change.tail ?? new Uint8Array()]);
    const signature = sign(algorithm === 'ES256' ? 'sha256' : null, Buffer.concat([data, createHash('sha256').update(clientData).digest()]), pair.privateKey);
    return { authenticatorData: toBase64Url(data), clientDataJson: toBase64Url(clientData), signature: toBase64Url(signature) };
  };
  return { passkey, assert };
}

describe.each(['ES256', 'EdDSA'] as const)('a grant by a passkey (%s)', (algorithm) => {
  const { passkey, assert } = authenticator(algorithm);
  const challenge = passkeyChallenge(consentGrantDomain, consentGrantBytes(record));
  const granted = (assertion: ReturnType<typeof assert>, enrolled = enrolPasskey(passkey, owner), document = record) => grantWithPasskey(document, { method: 'passkey', passkey: enrolled, assertion });
  const check = (signed: ReturnType<typeof granted>) => () => verifyGrant(signedGrantSchema.parse(signed), { networkId: 'net' });

  test('verifies, ten times over, whatever the form of the signature', () => {
    for (let round = 0; round < 10; round++) expect(check(granted(assert(challenge)))).not.toThrow();
    expect(check(granted(assert(challenge, { flags: 0x85, tail: Uint8Array.of(0xa0) })))).not.toThrow();
  });
  test.each([
    ['nobody was there', assert(challenge, { flags: 4 })],
    ['the user was not verified', assert(challenge, { flags: 1 })],
    ['another relying party', assert(challenge, { rpId: 'evil.example' })],
    ['another page', assert(challenge, { client: { origin: 'https://evil.example' } })],
    ['a frame of another site', assert(challenge, { client: { crossOrigin: true } })],
    ['a registration instead of an assertion', assert(challenge, { client: { type: 'webauthn.create' } })],
    ['another challenge', assert(new Uint8Array(32))],
    ['bytes without the flag for extensions', assert(challenge, { tail: Uint8Array.of(0xa0) })],
    ['a signature of another assertion', { ...assert(challenge), signature: assert(new Uint8Array(32)).signature }],
    ['no signature', { ...assert(challenge), signature: '' }],
    ['truncated authenticator data', { ...assert(challenge), authenticatorData: filled(0, 36) }],
  ])('is refused: %s', (_, assertion) => {
    expect(check(granted(assertion))).toThrow(refused('passkey.invalid'));
  });
  test('is refused when the passkey is not, not yet or no longer enrolled for this account', () => {
    const wrong = [enrolPasskey(passkey, stranger), enrolPasskey({ ...passkey, accountKey: stranger.publicKey }, stranger), enrolPasskey({ ...passkey, expiresAt: 100 }, owner), enrolPasskey({ ...passkey, validFrom: 101 }, owner),
      enrolPasskey({ ...passkey, networkId: 'other' }, owner), enrolPasskey({ ...passkey, expiresAt: 50 + 367 * 86_400 }, owner), { ...enrolPasskey(passkey, owner), record: { ...passkey, rpId: 'evil.example' } }];
    for (const enrolled of wrong) expect(check(granted(assert(challenge), enrolled))).toThrow(refused('passkey.invalid'));
  });
  test('is refused when another document was shown', () => {
    expect(check(granted(assert(challenge), enrolPasskey(passkey, owner), { ...record, vendorId: 'other' }))).toThrow(refused('passkey.invalid'));
  });
});

describe("an owner's request", () => {
  const asked: OwnerCall = { v: 1, kind: 'owner-call', networkId: 'net', accountKey: owner.publicKey, method: 'GET', path: '/v1/consents', issuedAt: 1_000, nonce: filled(1, 16) };
  const signed = { record: asked, signed: signAsOwner(ownerCallDomain, ownerCallBytes(asked), owner) };
  const expected = { networkId: 'net', method: 'GET', path: '/v1/consents', now: 1_010 };
  test('travels in a header and verifies', () => {
    const parsed = parseOwnerAuthorization(ownerAuthorization(signed));
    expect(parsed).toEqual(signed);
    expect(() => verifyOwnerCall(parsed, expected)).not.toThrow();
  });
  test.each([
    ['owner.wrong-call', signed, { ...expected, method: 'POST' }],
    ['owner.wrong-call', signed, { ...expected, path: '/v1/consents/c1' }],
    ['owner.wrong-call', signed, { ...expected, networkId: 'other' }],
    ['owner.stale-call', signed, { ...expected, now: 1_061 }],
    ['owner.stale-call', signed, { ...expected, now: 939 }],
    ['owner.bad-signature', { ...signed, record: { ...asked, accountKey: stranger.publicKey } }, expected],
    ['owner.bad-signature', { ...signed, signed: grant.signed }, expected],
  ])('is refused with %s (case %#)', (code, request, against) => {
    expect(() => verifyOwnerCall(request, against)).toThrow(refused(code));
  });
  test.each(['', 'Bearer x', 'Boop-Owner', 'Boop-Owner e30', `Boop-Owner ${'A'.repeat(12_001)}`])('that is no such header is refused (case %#)', (header) => {
    expect(() => parseOwnerAuthorization(header)).toThrow(refused('owner.malformed-call'));
  });
});

test('an erasure is asked for by the account alone', () => {
  const asked: ErasureRequest = { v: 1, kind: 'erasure-request', networkId: 'net', accountKey: owner.publicKey, scope: 'attributes-and-consents', requestedAt: 5, nonce: filled(1) };
  const by = (key: SigningKey) => ({ record: asked, signed: signAsOwner(erasureRequestDomain, erasureRequestBytes(asked), key) });
  expect(() => verifyErasureRequest(by(owner), { networkId: 'net' })).not.toThrow();
  expect(() => verifyErasureRequest(by(owner), { networkId: 'other' })).toThrow(refused('erasure.wrong-network'));
  expect(() => verifyErasureRequest(by(stranger), { networkId: 'net' })).toThrow(refused('owner.bad-signature'));
});
