import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { consentCommitment, type ConsentGrant, consentGrantBytes, consentGrantDomain, consentGrantHash, consentRevocationHash, grantConsent, ownerCallDomain, parseOwnerAuthorization, revokeConsent, verifyGrant, verifyOwnerCall } from '@boop/identity';
import { type ConsentAction, type ConsentReceipt, type LogEntry } from '@boop/protocol';
import { toBase64Url } from '@boop/shared';
import { createFakeNetwork, testKey } from '../fixtures/fake-network.ts';
import { type ConsentRequest, createConsentsClient, formatConsentRequest, keySigner, parseConsentRequest, verifyConsentReceipt, webCryptoSigner } from './index.ts';

const filled = (byte: number, size = 32): string => toBase64Url(new Uint8Array(size).fill(byte));
const network = await createFakeNetwork();
const owner = testKey(1);
const record: ConsentGrant = {
  v: 1, kind: 'consent-grant', networkId: 'test-net', consentId: 'c1', accountKey: owner.publicKey, vendorId: 'shop', recipientKey: filled(1), purpose: 'age', textVersion: 'v1', textHash: filled(2),
  attributes: [{ name: 'is_adult', positions: ['right-palm'] }], givenAt: 100, validFrom: 100, expiresAt: 200, nonce: filled(3),
};
const policy = { verifierKey: network.info.log.verifierKey, networkId: 'test-net' };
const opening = filled(4);
const grant = grantConsent(record, owner);
const revocation = revokeConsent({ grant: record, revokedAt: 150, nonce: filled(5) }, owner);

function receipt(action: ConsentAction, document: ConsentReceipt['document'], hash: string, change: Partial<LogEntry> = {}): ConsentReceipt {
  const entry = { v: 1, networkId: 'test-net', epoch: 1, time: 120, kind: 'consent', consent: consentCommitment({ opening, document: hash }), action, ...change } as LogEntry;
  return { v: 1, action, document, opening, proof: network.proof(entry) };
}
const given = receipt('given', grant, consentGrantHash(record));
const withdrawn = receipt('withdrawn', revocation, consentRevocationHash(revocation.record));

describe('a receipt', () => {
  test('verifies with the log key alone', () => {
    expect(verifyConsentReceipt(given, policy)).toEqual({ action: 'given', record, loggedAt: 120, leafIndex: 0 });
    expect(verifyConsentReceipt(JSON.parse(JSON.stringify(withdrawn)), policy)).toMatchObject({ action: 'withdrawn', record: { consentId: 'c1' } });
  });
  test.each<[string, string, unknown]>([
    ['another opening', 'consent.wrong-opening', { ...given, opening: filled(9) }],
    ['another document of the same person', 'consent.wrong-opening', { ...given, document: grantConsent({ ...record, vendorId: 'other' }, owner) }],
    ['a document that was changed', 'owner.bad-signature', { ...given, document: { ...grant, record: { ...record, expiresAt: 900 } } }],
    ['a document signed by another key', 'owner.bad-signature', { ...given, document: grantConsent(record, testKey(2)) }],
    ['another action', 'receipt.invalid', { ...given, action: 'changed' }],
    ['a withdrawal under the name of a grant', 'receipt.invalid', receipt('given', revocation, consentRevocationHash(revocation.record))],
    ['a grant under the name of a withdrawal', 'receipt.invalid', receipt('withdrawn', grant, consentGrantHash(record))],
    ['an entry of another network', 'receipt.invalid', receipt('given', grant, consentGrantHash(record), { networkId: 'other' })],
    ['the entry of another receipt', 'receipt.invalid', { ...given, proof: withdrawn.proof }],
    ['a checkpoint that was changed', 'log.bad-signature', { ...given, proof: { ...given.proof, checkpoint: given.proof.checkpoint.replace('\n1\n', '\n2\n') } }],
    ['another form', 'receipt.invalid', { ...given, extra: 1 }],
    ['nothing', 'receipt.invalid', undefined],
  ])('is refused: %s', (_, code, altered) => {
    expect(() => verifyConsentReceipt(altered, policy)).toThrow(expect.objectContaining({ code }));
  });
  test('of a log with another key is refused', async () => {
    const other = await createFakeNetwork({ seed: 2 });
    expect(() => verifyConsentReceipt(given, { ...policy, verifierKey: other.info.log.verifierKey })).toThrow(expect.objectContaining({ code: 'log.unverified-note' }));
  });
});

describe('signers', () => {
  test('with a key that WebCrypto keeps sign what the account key would', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const kept = await crypto.subtle.importKey('pkcs8', new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' })), 'Ed25519', false, ['sign']);
    const accountKey = publicKey.export({ format: 'jwk' }).x!;
    const signer = webCryptoSigner(accountKey, kept);
    const document = { ...record, accountKey };
    const signed = await signer.sign(consentGrantDomain, consentGrantBytes(document));
    expect(() => verifyGrant({ record: document, signed }, { networkId: 'test-net' })).not.toThrow();
    expect(() => verifyGrant({ record: document, signed: { ...signed } }, { networkId: 'test-net' })).not.toThrow();
    await expect(signer.sign(ownerCallDomain, consentGrantBytes(document))).resolves.not.toEqual(signed);
  });
});

test('a request carries one signature for one path, and a new one when the connection broke', async () => {
  const sent: string[] = [];
  const fetch = (url: unknown, init?: RequestInit): Promise<Response> => {
    sent.push(new Headers(init?.headers).get('authorization')!);
    if (sent.length === 1) return Promise.reject(new TypeError('broken'));
    const second = new URL(url as string).searchParams.has('cursor');
    return Promise.resolve(Response.json(second ? { consents: [] } : { consents: [], nextCursor: '7' }));
  };
  const client = createConsentsClient({ gatewayUrl: 'https://gateway.test', networkId: 'test-net', signer: keySigner(owner), ports: { fetch, clock: { nowMs: () => 5_000_000 } } });
  expect(await client.list()).toEqual([]);
  expect(sent).toHaveLength(3);
  expect(new Set(sent).size).toBe(3);
  for (const header of sent) expect(() => verifyOwnerCall(parseOwnerAuthorization(header), { networkId: 'test-net', method: 'GET', path: '/v1/consents', now: 5_000 })).not.toThrow();
});

describe("a vendor's request", () => {
  const request: ConsentRequest = { v: 1, vendorId: 'shop', vendorName: 'Shop', recipientKey: filled(1), purpose: 'age', attributes: [{ name: 'is_adult', positions: ['right-palm'] }], days: 30 };
  test('travels in a link', () => {
    expect(parseConsentRequest(` ${formatConsentRequest(request)}\n`)).toEqual(request);
  });
  test.each(['', 'e30', '%%', formatConsentRequest(request).slice(0, -8)])('that is none is refused', (text) => {
    expect(() => parseConsentRequest(text)).toThrow(expect.objectContaining({ code: 'response.malformed' }));
  });
});
