import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { type ConsentGrant, consentGrantBytes, consentGrantDomain, ownerCallDomain, verifyGrant, verifyPasskey } from '@boop/identity';
import { toBase64Url } from '@boop/shared';
import { testKey } from '../fixtures/fake-network.ts';
import { enrolPasskeyBy, keySigner, passkeyKey, passkeySigner, signerWithPasskey } from './index.ts';

const owner = testKey(1);
const device = keySigner(owner);
const filled = (byte: number, size = 32): string => toBase64Url(new Uint8Array(size).fill(byte));
const fields = { networkId: 'test-net', credentialId: filled(1, 16), rpId: 'localhost', origins: ['http://localhost:40400'], validFrom: 100, expiresAt: 10_000 };

/** An authenticator of node:crypto; its key leaves as browsers give it. */
function authenticator(algorithm: -7 | -8) {
  const { publicKey, privateKey } = algorithm === -7 ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  return {
    spki: publicKey.export({ type: 'spki', format: 'der' }),
    assert: async (challenge: Uint8Array) => {
      const clientData = Buffer.from(JSON.stringify({ type: 'webauthn.get', challenge: toBase64Url(challenge), origin: fields.origins[0], crossOrigin: false }));
      const data = Buffer.concat([createHash('sha256').update(fields.rpId).digest(), Buffer.of(5, 0, 0, 0, 0)]);
      const signature = sign(algorithm === -7 ? 'sha256' : null, Buffer.concat([data, createHash('sha256').update(clientData).digest()]), privateKey);
      return { authenticatorData: data.toString('base64url'), clientDataJson: clientData.toString('base64url'), signature: signature.toString('base64url') };
    },
  };
}

describe.each([-7, -8] as const)('a passkey of COSE algorithm %i', (algorithm) => {
  test('that the account key enrolled gives a consent, and leaves the rest to the account key', async () => {
    // Points with an even and with an odd y come up.
    for (let round = 0; round < 6; round++) {
      const { spki, assert } = authenticator(algorithm);
      const passkey = await enrolPasskeyBy(device, { ...fields, ...passkeyKey(algorithm, spki) });
      const signer = signerWithPasskey(device, new Set([consentGrantDomain]), () => Promise.resolve(passkeySigner(passkey, assert)));
      const record: ConsentGrant = {
        v: 1, kind: 'consent-grant', networkId: 'test-net', consentId: 'c1', accountKey: owner.publicKey, vendorId: 'shop', recipientKey: filled(1), purpose: 'age', textVersion: 'v1', textHash: filled(2),
        attributes: [{ name: 'is_adult', positions: ['right-palm'] }], givenAt: 100, validFrom: 100, expiresAt: 200, nonce: filled(3),
      };
      const signed = await signer.sign(consentGrantDomain, consentGrantBytes(record));
      expect(signed.method).toBe('passkey');
      expect(() => verifyGrant({ record, signed }, { networkId: 'test-net' })).not.toThrow();
      expect((await signer.sign(ownerCallDomain, new Uint8Array(4))).method).toBe('account-key');
      const another = await enrolPasskeyBy(device, { ...fields, ...passkeyKey(algorithm, authenticator(algorithm).spki) });
      const mixed = await passkeySigner(another, assert).sign(consentGrantDomain, consentGrantBytes(record));
      expect(() => verifyGrant({ record, signed: mixed }, { networkId: 'test-net' })).toThrow(expect.objectContaining({ code: 'passkey.invalid' }));
    }
  });

  test('is not enrolled by a passkey, nor beyond its longest life', async () => {
    const { spki, assert } = authenticator(algorithm);
    const key = passkeyKey(algorithm, spki);
    const first = await enrolPasskeyBy(device, { ...fields, ...key });
    expect(() => verifyPasskey(first, { networkId: 'test-net', accountKey: owner.publicKey, at: 9_999 })).not.toThrow();
    for (const enrol of [enrolPasskeyBy(passkeySigner(first, assert), { ...fields, ...key }), enrolPasskeyBy(device, { ...fields, ...key, expiresAt: 100 + 367 * 86_400 })])
      await expect(enrol).rejects.toMatchObject({ code: 'passkey.invalid' });
  });
});

test.each<[string, number, Uint8Array]>([
  ['RSA', -257, generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey.export({ type: 'spki', format: 'der' })],
  ['P-384 under the name of P-256', -7, generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ type: 'spki', format: 'der' })],
  ['Ed25519 under the name of P-256', -7, authenticator(-8).spki],
  ['a truncated key', -8, authenticator(-8).spki.subarray(0, -4)],
])('%s is no key of a passkey', (_, algorithm, spki) => {
  expect(() => passkeyKey(algorithm, spki)).toThrow(expect.objectContaining({ code: 'passkey.invalid' }));
});

test('without a passkey the account key signs everything', async () => {
  const signer = signerWithPasskey(device, new Set([consentGrantDomain]), () => Promise.resolve(undefined));
  expect((await signer.sign(consentGrantDomain, new Uint8Array(1))).method).toBe('account-key');
});
