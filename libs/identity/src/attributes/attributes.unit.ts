import { describe, expect, test } from '@jest/globals';
import { fromBase64Url, fromUtf8, type Rng, toBase64Url } from '@boop/shared';
import { SigningKey } from '../keys.ts';
import {
  attest,
  type AttributeDocument,
  checkAgainstRegistry,
  checkDefinition,
  commonDefinitions,
  disclosureDigest,
  openValue,
  personIdOf,
  recordIdOf,
  sealValue,
  signAttribute,
  verifyAttribute,
} from './index.ts';

let state = 1;
const rng: Rng = { bytes: (count) => Uint8Array.from({ length: count }, () => (state = (state * 48271) % 2147483647) & 255) };
const owner = SigningKey.generate(rng);
const issuer = SigningKey.generate(rng);
const other = SigningKey.generate(rng);
const networkId = 'net';
const personId = personIdOf(networkId, owner.publicKey);
const place = { recordId: recordIdOf({ networkId, personId, attribute: 'birth_date', version: 1 }), attribute: 'birth_date', version: 1, source: 'verified' } as const;
const output = rng.bytes(32);
const sealed = sealValue(output, place, '1984-02-29', rng);
const record: AttributeDocument = {
  v: 1, kind: 'attribute', networkId, ...place, ciphertextHash: sealed.ciphertextHash, disclosure: sealed.disclosure, validFrom: 100, expiresAt: 1000,
  issuer: { id: 'registry', key: issuer.publicKey }, evidence: toBase64Url(new Uint8Array(32)),
};
const code = (value: string) => expect.objectContaining({ code: value });

describe('a sealed value', () => {
  test('opens to the value and to a disclosure whose digest the document names', () => {
    const { value, disclosure } = openValue(output, place, sealed.ciphertext, record);
    expect(value).toBe('1984-02-29');
    expect(disclosureDigest(disclosure)).toBe(record.disclosure);
    expect(JSON.parse(fromUtf8(fromBase64Url(disclosure)))).toEqual([expect.any(String), 'birth_date', '1984-02-29']);
  });
  test('opens under no other key, place or document, and with no bit changed', () => {
    const flipped = (at: number) => sealed.ciphertext.map((byte, i) => (i === at ? byte ^ 1 : byte));
    const rehashed = sealValue(output, place, '1984-02-29', rng);
    const attempts: Parameters<typeof openValue>[] = [
      [rng.bytes(32), place, sealed.ciphertext, record],
      [output, { ...place, version: 2 }, sealed.ciphertext, record],
      [output, { ...place, attribute: 'email' }, sealed.ciphertext, record],
      [output, { ...place, source: 'user' }, sealed.ciphertext, record],
      [output, { ...place, recordId: recordIdOf({ networkId, personId: personIdOf(networkId, other.publicKey), attribute: 'birth_date', version: 1 }) }, sealed.ciphertext, record],
      [output, place, rehashed.ciphertext, record],
      [output, place, rehashed.ciphertext, { ...record, ciphertextHash: rehashed.ciphertextHash }],
      [output, place, new Uint8Array(5), record],
      ...[0, 12, sealed.ciphertext.length - 1].map((at): Parameters<typeof openValue> => [output, place, flipped(at), record]),
    ];
    for (const attempt of attempts) expect(() => openValue(...attempt)).toThrow(code('attribute.tampered'));
  });
});

describe('a document', () => {
  const signed = signAttribute(record, owner, attest(record, issuer));
  test('verifies with owner and issuer', () => expect(() => verifyAttribute(signed, { networkId })).not.toThrow());
  test('holds nothing that names the person', () => {
    expect(JSON.stringify(record)).not.toContain(owner.publicKey);
    expect(JSON.stringify(record)).not.toContain(personId);
  });
  const self = { ...record, source: 'user' as const, issuer: undefined, evidence: undefined };
  test.each([
    ['attribute.wrong-network', signed, { networkId: 'other' }],
    ['attribute.wrong-person', { ...signed, accountKey: other.publicKey }, { networkId }],
    ['attribute.wrong-person', { ...signed, record: { ...record, version: 2 } }, { networkId }],
    ['attribute.wrong-person', { ...signed, record: { ...record, attribute: 'email' } }, { networkId }],
    ['owner.bad-signature', { ...signed, signed: signAttribute(record, other).signed }, { networkId }],
    ['attribute.bad-attestation', signAttribute(record, owner, attest(record, other)), { networkId }],
    ['attribute.bad-attestation', signAttribute(record, owner), { networkId }],
    ['attribute.bad-attestation', { ...signed, record: { ...record, validFrom: 101 } }, { networkId }],
    ['attribute.malformed', signAttribute({ ...record, source: 'user' }, owner, attest({ ...record, source: 'user' }, issuer)), { networkId }],
    ['attribute.malformed', signAttribute({ ...self, source: 'verified' } as AttributeDocument, owner), { networkId }],
    ['attribute.malformed', signAttribute({ ...record, expiresAt: 100 }, owner, attest({ ...record, expiresAt: 100 }, issuer)), { networkId }],
    ['attribute.malformed', signAttribute({ ...record, evidence: undefined } as unknown as AttributeDocument, owner, attest(record, issuer)), { networkId }],
  ])('is refused with %s', (expected, document, against) => {
    expect(() => verifyAttribute(document, against)).toThrow(code(expected));
  });
});

describe('the registry', () => {
  const accredited = { id: 'registry', name: 'Registry', key: issuer.publicKey, attributes: ['birth_date'], validFrom: 0, expiresAt: 500 };
  const registry = { definitions: commonDefinitions, issuers: [accredited] };
  test('what every network starts with can be built up in its order', () => {
    commonDefinitions.forEach((definition, at) => expect(() => checkDefinition({ definitions: commonDefinitions.slice(0, at) }, definition)).not.toThrow());
  });
  test.each([
    ['attribute.unknown', { ...record, attribute: 'shoe_size' }, 200],
    ['attribute.wrong-kind', { ...record, source: 'computed' as const }, 200],
    ['attribute.unknown-issuer', { ...record, issuer: { id: 'registry', key: other.publicKey } }, 200],
    ['attribute.unknown-issuer', record, 600],
    ['attribute.expired', { ...record, expiresAt: 150 }, 200],
  ])('refuses with %s', (expected, document, now) => {
    expect(() => checkAgainstRegistry(registry, document, now)).toThrow(code(expected));
  });
  test('accepts an accredited issuer in time', () => expect(() => checkAgainstRegistry(registry, record, 200)).not.toThrow());
  const computed = { name: 'senior', title: 'Senior', type: 'boolean', source: 'computed' } as const;
  test.each([
    ['attribute.bad-expression', { ...computed, expression: 'senior' }],
    ['attribute.bad-expression', { ...computed, expression: 'unheard_of > 3' }],
    ['attribute.bad-expression', computed],
    ['attribute.bad-expression', { ...computed, source: 'user' as const, expression: '1' }],
    ['attribute.defined', { ...computed, name: 'email', expression: '1' }],
    ['expression.syntax', { ...computed, expression: 'while(true)' }],
  ])('refuses a definition with %s', (expected, definition) => {
    expect(() => checkDefinition(registry, definition)).toThrow(code(expected));
  });
});
