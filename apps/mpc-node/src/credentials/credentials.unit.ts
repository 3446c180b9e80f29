import { createHash, generateKeyPairSync, sign as signWith, verify as verifyWith } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  assembleToken, type AttributeDocument, credentialPayload, type CredentialRequest, credentialRequestBytes, credentialRequestDomain, type CredentialStatus, credentialStatusBytes, credentialStatusDomain, disclosureDigest, disclosureOf, personIdOf, publicJwk, signAsOwner, signedCredentialRequest, signedCredentialStatus, SigningKey,
} from '@boop/identity';
import { type credentialNodeMethods } from '@boop/protocol';
import { type PartyId, toBase64Url } from '@boop/shared';
import { runSimulation, seededRng } from '@boop/testing';
import { aggregate } from '@boop/threshold';
import { getListFromStatusListJWT } from '@sd-jwt/jwt-status-list';
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';
import { importJWK, jwtVerify } from 'jose';
import { type z } from 'zod';
import { type KnownAttribute } from '../release/attribute-records.ts';
import { dealtRings } from '../testing/dealt-keys.ts';
import { StatementMill } from '../testing/statements.ts';
import { type KeyRing } from '../signing/key-ring.ts';
import { CredentialRecords } from './credential-records.ts';
import { CredentialService } from './credential-service.ts';

const rng = seededRng(11);
const networkId = 'net';
const issuer = 'https://issuer.example';
const now = Math.floor(Date.now() / 1000);
const owner = SigningKey.generate(rng);
const salted = { is_adult: true, birth_date: '1990-05-17', email: 'ada@example.org', city: 'Zurich-Undisclosed' } as const;
const disclosures = Object.fromEntries(Object.entries(salted).map(([name, value]) => [name, disclosureOf(rng.bytes(16), name, value)])) as Record<keyof typeof salted, string>;
const attested = new Set<string>(['is_adult', 'birth_date']);
const personId = personIdOf(networkId, owner.publicKey);

const documentOf = (attribute: keyof typeof salted, change: Partial<AttributeDocument> = {}): AttributeDocument => ({
  v: 1, kind: 'attribute', networkId, recordId: toBase64Url(rng.bytes(32)), attribute, version: 1, source: attested.has(attribute) ? 'verified' : 'user', ciphertextHash: toBase64Url(rng.bytes(32)), disclosure: disclosureDigest(disclosures[attribute]), validFrom: now - 100,
  ...(attested.has(attribute) ? { issuer: { id: 'registry-office', key: toBase64Url(rng.bytes(32)) }, evidence: toBase64Url(rng.bytes(32)) } : {}), ...change,
});
let documents = Object.keys(salted).map((name) => documentOf(name as keyof typeof salted));

/** A verifier's own client, unmodified; the holder's key is checked by node:crypto. */
const holder = generateKeyPairSync('ed25519');
const otherHolder = generateKeyPairSync('ed25519');
const { x } = holder.publicKey.export({ format: 'jwk' }) as { x: string };
const hasher = (data: string | ArrayBuffer, alg: string): Uint8Array => new Uint8Array(createHash(alg.replace('-', '')).update(typeof data === 'string' ? data : new Uint8Array(data)).digest());

let rings: KeyRing[];
let groupKey: Uint8Array;
const parties = [1, 2, 3, 4, 5] as PartyId[];
const mill = new StatementMill({ nodes: 5, threshold: 1 }, rng);
const tables = parties.map(() => new CredentialRecords(networkId));
let services: CredentialService[];
let viewIsFresh = true;
let clockMs = now * 1000;

beforeAll(async () => {
  rings = await dealtRings(runSimulation, mill.custodies, mill.members, ['credential'], 3, rng);
  groupKey = rings[0]!.get('credential').group.publicKey;
  services = parties.map((self, at) => {
    const view = { requireFresh: () => { if (!viewIsFresh) throw new Error('stale'); } };
    const records = { all: (id: string): KnownAttribute[] => (id === personId ? documents.map((document) => ({ document, attested: undefined })) : []) };
    return new CredentialService({ networkId, self, ring: rings[at]!, view, records, credentials: tables[at]!, clock: { nowMs: () => clockMs }, rng });
  });
});

type Task = z.infer<(typeof credentialNodeMethods)['credential.commit']['body']>;
/** Two rounds among these nodes, as the attributes service runs them. */
function signed(task: Task, signers: readonly number[] = [1, 3, 5]): string {
  const commitments = signers.map((party) => services[party - 1]!.commit(task));
  const list = commitments.map(({ party, commitment }) => ({ party, commitment }));
  const shares = new Map(commitments.map(({ party, attempt }) => [party as PartyId, services[party - 1]!.sign({ attempt, commitments: list }).share]));
  const { message } = commitments[0]!;
  return assembleToken(message, aggregate(rings[0]!.get('credential').group, new Map(list.map(({ party, commitment }) => [party as PartyId, commitment])), message, shares));
}

let nextIndex = 0;
function requestOf(change: Partial<CredentialRequest> = {}, by = owner) {
  const record: CredentialRequest = {
    v: 1, kind: 'credential-request', networkId, accountKey: by.publicKey, holderKey: { kty: 'OKP', crv: 'Ed25519', x }, attributes: Object.keys(salted).map((attribute) => ({ attribute, version: 1 })),
    issuedAt: now, expiresAt: now + 3600, nonce: toBase64Url(rng.bytes(32)), ...change,
  };
  return { ...signedCredentialRequest(record, signAsOwner(credentialRequestDomain, credentialRequestBytes(record), by)), index: nextIndex++ };
}
const register = (credential: ReturnType<typeof requestOf>, at: readonly CredentialRecords[] = tables) => at.forEach((table) => table.set(table.registered(credential)));
function issue(change: Partial<CredentialRequest> = {}): { credential: string; index: number } {
  const credential = requestOf(change);
  register(credential);
  const jwt = signed({ what: 'credential', credential, issuer });
  return { credential: `${[jwt, ...Object.values(disclosures)].join('~')}~`, index: credential.index };
}
function setStatus(index: number, status: CredentialStatus, changedAt = now, by = owner): void {
  const record = { v: 1, kind: 'credential-status', networkId, accountKey: by.publicKey, index, status, changedAt, nonce: toBase64Url(rng.bytes(16)) } as const;
  const change = signedCredentialStatus(record, signAsOwner(credentialStatusDomain, credentialStatusBytes(record), by));
  for (const table of tables) table.set(table.changed(change));
}
const statusList = (): string => signed({ what: 'status-list', issuer, iat: now });

const nonce = 'verifier-nonce';
const instanceFor = (holderKey = holder) =>
  new SDJwtVcInstance({
    hasher,
    hashAlg: 'sha-256',
    saltGenerator: () => 'unused',
    verifier: async (data, signature) => await jwtVerify(`${data}.${signature}`, await importJWK(publicJwk(toBase64Url(groupKey)), 'EdDSA'), { currentDate: new Date(now * 1000) }).then(() => true, () => false),
    kbSigner: (data) => signWith(null, Buffer.from(data), holderKey.privateKey).toString('base64url'),
    kbSignAlg: 'EdDSA',
    kbVerifier: async (data, signature, { cnf }) => {
      const { createPublicKey } = await import('node:crypto');
      return verifyWith(null, Buffer.from(data), createPublicKey({ key: cnf!.jwk as never, format: 'jwk' }), Buffer.from(signature, 'base64url'));
    },
    statusListFetcher: () => Promise.resolve(statusList()),
    statusVerifier: async (data, signature) => await jwtVerify(`${data}.${signature}`, await importJWK(publicJwk(toBase64Url(groupKey)), 'EdDSA')).then(() => true, () => false),
  });
const present = (credential: string, holderKey = holder): Promise<string> =>
  instanceFor(holderKey).present(credential, { attested: { is_adult: true } }, { kb: { payload: { iat: now, aud: 'https://shop.example', nonce } } });
const verify = (presentation: string, at = now) => instanceFor().verify(presentation, { keyBindingNonce: nonce, currentDate: at });

describe('a credential that five nodes hold keys for', () => {
  test('is presented with one claim, and an unmodified library verifies it', async () => {
    const presentation = await present(issue().credential);
    const { payload, kb } = await verify(presentation);
    expect(payload).toMatchObject({ iss: issuer, vct: 'urn:boop:credential:attributes:1', attested: { is_adult: true } });
    expect(kb?.payload).toMatchObject({ aud: 'https://shop.example', nonce });
    expect(payload['attested']).toEqual({ is_adult: true });
    expect(payload['self_asserted']).toEqual({});
  });

  test('shows nothing else, in no encoding', async () => {
    const presentation = await present(issue().credential);
    const decoded = presentation.split(/[.~]/).map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    const haystacks = [presentation, ...decoded];
    for (const name of ['birth_date', 'email', 'city'] as const) {
      const [salt, , value] = JSON.parse(Buffer.from(disclosures[name], 'base64url').toString()) as [string, string, string];
      // The name as JSON has it: four letters in a row come by chance.
      const needles = [value, `"${name}"`, salt, disclosures[name], Buffer.from(value).toString('hex'), Buffer.from(value).toString('base64'), owner.publicKey, personId];
      for (const needle of needles) expect(haystacks.some((hay) => hay.includes(needle))).toBe(false);
    }
    expect(haystacks.some((hay) => hay.includes('is_adult'))).toBe(true);
  });

  test('tells neither the number of its attributes nor an order', () => {
    const all = issue().credential.split('~')[0]!;
    const one = issue({ attributes: [{ attribute: 'email', version: 1 }] }).credential.split('~')[0]!;
    const groups = [all, one].map((jwt) => JSON.parse(Buffer.from(jwt.split('.')[1]!, 'base64url').toString()) as { attested: { _sd: string[] }; self_asserted: { _sd: string[] } });
    for (const { attested: a, self_asserted: s } of groups) {
      expect([a._sd.length, s._sd.length]).toEqual([4, 4]);
      expect(a._sd).toEqual([...a._sd].sort());
    }
  });

  test.each([0.1, 0.35, 0.6, 0.85, 0.99])('fails after one changed byte (at %d of its length)', async (part) => {
    const presentation = await present(issue().credential);
    const at = Math.floor(presentation.length * part);
    const changed = presentation.slice(0, at) + (presentation[at] === 'A' ? 'B' : 'A') + presentation.slice(at + 1);
    await expect(verify(changed)).rejects.toThrow();
  });

  test('fails with another holder key, another nonce, and without key binding', async () => {
    const { credential } = issue();
    await expect(verify(await present(credential, otherHolder))).rejects.toThrow();
    await expect(instanceFor().verify(await present(credential), { keyBindingNonce: 'another', currentDate: now })).rejects.toThrow();
    await expect(verify(credential)).rejects.toThrow();
  });

  test('fails when it has expired, and never outlives an attribute', async () => {
    const presentation = await present(issue().credential);
    await expect(verify(presentation, now + 3_601)).rejects.toThrow();
    const before = documents;
    documents = documents.map((document) => (document.attribute === 'is_adult' ? { ...document, expiresAt: now + 60 } : document));
    const short = await present(issue().credential);
    documents = before;
    await expect(verify(short, now + 59)).resolves.toBeDefined();
    await expect(verify(short, now + 61)).rejects.toThrow();
  });

  test('fails once it is suspended or revoked; a suspension ends, a revocation does not', async () => {
    const { credential, index } = issue();
    const presentation = await present(credential);
    await expect(verify(presentation)).resolves.toBeDefined();
    setStatus(index, 'suspended');
    await expect(verify(presentation)).rejects.toThrow();
    setStatus(index, 'valid');
    await expect(verify(presentation)).resolves.toBeDefined();
    setStatus(index, 'invalid');
    await expect(verify(presentation)).rejects.toThrow();
    expect(() => setStatus(index, 'valid')).toThrow(expect.objectContaining({ code: 'credential.revoked' }));
  });

  test('of a person who was erased is invalid, and no longer theirs', () => {
    const someone = SigningKey.generate(rng);
    const credential = requestOf({}, someone);
    register(credential);
    for (const table of tables) for (const fact of table.erased(someone.publicKey)) table.set(fact);
    expect(getListFromStatusListJWT(statusList()).getStatus(credential.index)).toBe(1);
    expect(JSON.stringify(tables[0]!.get(credential.index))).not.toContain(someone.publicKey);
  });
});

describe('a node', () => {
  const task = (credential: ReturnType<typeof requestOf>): Task => ({ what: 'credential', credential, issuer });
  const refusal = (credential: ReturnType<typeof requestOf>) => () => services[0]!.commit(task(credential));
  test('signs no request that it has not heard of in the feed, nor another one under its place', () => {
    expect(refusal(requestOf())).toThrow(expect.objectContaining({ code: 'credential.unknown' }));
    const credential = requestOf();
    register(credential);
    expect(refusal({ ...requestOf(), index: credential.index })).toThrow(expect.objectContaining({ code: 'credential.unknown' }));
    expect(() => register({ ...requestOf(), index: credential.index })).toThrow(expect.objectContaining({ code: 'credential.index-taken' }));
  });
  test.each([
    ['credential.unknown-attribute', { attributes: [{ attribute: 'email', version: 2 }] }],
    ['credential.unknown-attribute', { attributes: [{ attribute: 'phone', version: 1 }] }],
    ['credential.stale-request', { issuedAt: now - 301, expiresAt: now + 60 }],
  ])('refuses with %s (case %#)', (code, change) => {
    const credential = requestOf(change);
    register(credential);
    expect(refusal(credential)).toThrow(expect.objectContaining({ code }));
  });
  test.each([
    ['credential.malformed', { expiresAt: now }],
    ['credential.malformed', { expiresAt: now + 91 * 86_400 }],
    ['credential.malformed', { attributes: [{ attribute: 'email', version: 1 }, { attribute: 'email', version: 1 }] }],
    ['credential.wrong-network', { networkId: 'other' }],
  ])('registers none with %s (case %#)', (code, change) => {
    expect(() => tables[0]!.registered(requestOf(change))).toThrow(expect.objectContaining({ code }));
  });
  test('takes nobody else for the owner', () => {
    const credential = requestOf();
    expect(() => tables[0]!.registered({ ...credential, record: { ...credential.record, holderKey: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(rng.bytes(32)) } } })).toThrow(expect.objectContaining({ code: 'owner.bad-signature' }));
    register(credential);
    expect(() => setStatus(credential.index, 'invalid', now, SigningKey.generate(rng))).toThrow(expect.objectContaining({ code: 'credential.unknown' }));
    expect(() => setStatus(credential.index, 'suspended', now - 1)).toThrow(expect.objectContaining({ code: 'credential.stale-change' }));
  });
  test('signs nothing while its view is old, no list of another time, and each attempt once', () => {
    const credential = requestOf();
    register(credential);
    viewIsFresh = false;
    expect(refusal(credential)).toThrow('stale');
    viewIsFresh = true;
    expect(() => services[0]!.commit({ what: 'status-list', issuer, iat: now - 31 })).toThrow(expect.objectContaining({ code: 'credential.stale-request' }));
    const { attempt, party, commitment } = services[0]!.commit(task(credential));
    expect(() => services[0]!.sign({ attempt, commitments: [{ party, commitment }] })).toThrow(expect.objectContaining({ code: 'frost.too-few-commitments' }));
    expect(() => services[0]!.sign({ attempt, commitments: [] })).toThrow(expect.objectContaining({ code: 'credential.unknown-attempt' }));
    const late = services[0]!.commit(task(credential));
    clockMs += 10_001;
    expect(() => services[0]!.sign({ attempt: late.attempt, commitments: [] })).toThrow(expect.objectContaining({ code: 'credential.unknown-attempt' }));
    clockMs = now * 1000;
  });
  test('that has another record signs other bytes, so that none comes out', () => {
    const credential = requestOf();
    register(credential);
    const honest = services[0]!.commit(task(credential)).message;
    const before = documents;
    documents = documents.map((document) => (document.attribute === 'email' ? { ...document, disclosure: toBase64Url(rng.bytes(32)) } : document));
    const other = services[1]!.commit(task(credential)).message;
    documents = before;
    expect(Buffer.from(other).equals(Buffer.from(honest))).toBe(false);
  });
});

test('the claims name the status list of their issuer', () => {
  const { record, index } = requestOf();
  const payload = credentialPayload({ issuer: `${issuer}/`, request: record, index, documents });
  expect(payload.status.status_list).toEqual({ idx: index, uri: 'https://issuer.example/v1/credentials/status/1' });
});
