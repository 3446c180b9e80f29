import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type ConsentGrant, consentGrantHash, consentRevocationHash, type ErasureRequest, erasureRequestBytes, erasureRequestDomain, grantConsent, type OwnerCall, ownerCallBytes, ownerCallDomain, type PurposeText, purposeTextHash, revokeConsent, signAsOwner, SigningKey, verifyConsentCommitment } from '@boop/identity';
import { applyMigrations, type EmbeddedPostgres, silentLogger, startEmbeddedPostgres, systemRng } from '@boop/platform';
import { consentMethods, logEntryHash, parseLogEntry } from '@boop/protocol';
import { BoopError, toBase64Url } from '@boop/shared';
import { freePort } from '@boop/testing';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../generated/prisma/client.ts';
import { type ConsentFeed } from './consent-service.ts';
import { type Consents, createConsents } from './create-consents.ts';

const text: PurposeText = { purpose: 'tasting', version: 'v1', locale: 'en', title: 'Age', text: 'The shop learns whether you are of age.' };
const random = (size = 32): string => toBase64Url(systemRng.bytes(size));
const refused = (code: string) => expect.objectContaining({ code });

let dir: string;
let postgres: EmbeddedPostgres;
let database: PrismaClient;
let consents: Consents;
let nowMs = 1_800_000_000_000;
/** What waits is told again when a test says so, never in the middle of the first time. */
const neverMs = 1_000_000_000;
const now = () => Math.floor(nowMs / 1000);

/** Nodes as far as the service sees them. */
const nodes = { down: false, told: [] as string[], erased: [] as string[] };
const feed: ConsentFeed = {
  publish({ type, document }) {
    if (nodes.down) return Promise.reject(new BoopError('feed.unacknowledged', 'too few nodes', { kind: 'unavailable' }));
    nodes.told.push(type === 'grant' ? consentGrantHash(document.record) : consentRevocationHash(document.record));
    return Promise.resolve();
  },
};

const person = () => {
  const key = SigningKey.generate(systemRng);
  const record = (change: Partial<ConsentGrant> = {}): ConsentGrant => ({
    v: 1, kind: 'consent-grant', networkId: 'net', consentId: random(16).replace(/^[-_]/, 'a'), accountKey: key.publicKey, vendorId: 'shop', recipientKey: random(), purpose: 'tasting', textVersion: 'v1', textHash: purposeTextHash(text),
    attributes: [{ name: 'is_adult', positions: ['right-palm'] }], givenAt: now(), validFrom: now(), expiresAt: now() + 3600, nonce: random(), ...change,
  });
  const call = (path: string, change: Partial<OwnerCall> = {}) => {
    const asked: OwnerCall = { v: 1, kind: 'owner-call', networkId: 'net', accountKey: key.publicKey, method: 'GET', path, issuedAt: now(), nonce: random(16), ...change };
    return { record: asked, signed: signAsOwner(ownerCallDomain, ownerCallBytes(asked), key) };
  };
  const erasure = () => {
    const asked: ErasureRequest = { v: 1, kind: 'erasure-request', networkId: 'net', accountKey: key.publicKey, scope: 'attributes-and-consents', requestedAt: now(), nonce: random() };
    return { record: asked, signed: signAsOwner(erasureRequestDomain, erasureRequestBytes(asked), key) };
  };
  const give = async (change: Partial<ConsentGrant> = {}) => {
    const grant = grantConsent(record(change), key);
    return { grant, ...(await ask('consents.grant', { grant })) };
  };
  const withdraw = (grant: ConsentGrant, by = key) => revokeConsent({ grant, revokedAt: now(), nonce: random() }, by);
  return { key, record, call, erasure, give, withdraw };
};

async function ask<M extends keyof typeof consentMethods>(method: M, body: unknown): Promise<ReturnType<(typeof consentMethods)[M]['answer']['parse']>> {
  return consentMethods[method].answer.parse(await consents.handlers[method]!(body)) as never;
}
const notices = async () => (await ask('consents.events', { limit: 100 })).events.flatMap(({ notify }) => notify ?? []);
const list = async (who: ReturnType<typeof person>, query: object = {}) => await ask('consents.list', { call: who.call('/v1/consents'), limit: 100, ...query });

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'boop-attributes-'));
  postgres = await startEmbeddedPostgres({ dir, port: await freePort(), databases: [{ name: 'attributes', user: 'attributes' }] });
  const url = postgres.urls['attributes']!;
  await applyMigrations(url, fileURLToPath(new URL('../../prisma/migrations', import.meta.url)));
  database = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) });
  const eraseAttributes = ({ record }: { record: ErasureRequest }) => {
    if (nodes.down) return Promise.reject(new BoopError('mpc.nodes-unavailable', 'too few nodes', { kind: 'unavailable' }));
    nodes.erased.push(record.accountKey);
    return Promise.resolve({ attributes: 3 });
  };
  consents = createConsents({ database, network: { networkId: 'net', epoch: 1 }, feed, eraseAttributes, clock: { nowMs: () => nowMs }, rng: systemRng, log: silentLogger, tellAgainMs: neverMs });
  await ask('consents.publish-text', text);
}, 120_000);

afterAll(async () => {
  await consents.close();
  await database.$disconnect();
  await postgres.stop();
  rmSync(dir, { recursive: true, force: true, maxRetries: 10 });
});

beforeEach(async () => {
  nodes.down = false;
  nodes.told = [];
  const { events } = await ask('consents.events', { limit: 100 });
  await ask('consents.settle', { sequences: events.map(({ sequence }) => sequence) });
});

describe('a consent', () => {
  test('is told to the nodes before it counts, and the same grant again is the same consent', async () => {
    const ada = person();
    const { grant, consent, created } = await ada.give();
    expect([created, consent.status, nodes.told]).toEqual([true, 'active', [consentGrantHash(grant.record)]]);
    expect(await ask('consents.grant', { grant })).toEqual({ consent, created: false });
    expect(nodes.told).toHaveLength(1);
    expect(await notices()).toEqual([{ kind: 'granted', vendorId: 'shop', consentId: consent.consentId, purpose: 'tasting', grant: consentGrantHash(grant.record), attributes: ['is_adult'], grantedAt: now(), expiresAt: grant.record.expiresAt }]);
    expect((await list(ada)).consents).toEqual([consent]);
  });

  test('that the nodes have not confirmed waits, and they are told again', async () => {
    const ada = person();
    nodes.down = true;
    const grant = grantConsent(ada.record(), ada.key);
    await expect(ask('consents.grant', { grant })).rejects.toEqual(refused('mpc.nodes-unavailable'));
    expect((await list(ada)).consents[0]!.status).toBe('pending');
    expect(await notices()).toEqual([]);
    nodes.down = false;
    await Promise.all([consents.service.tellAgain(), consents.service.tellAgain()]);
    expect(await notices()).toMatchObject([{ kind: 'granted', consentId: grant.record.consentId }]);
    expect((await list(ada)).consents[0]!.status).toBe('active');
    expect((await ask('consents.grant', { grant })).consent.status).toBe('active');
  });

  test.each([
    ['grant.stale', { givenAt: 1 }],
    ['grant.unknown-text', { textVersion: 'v2' }],
    ['grant.wrong-network', { networkId: 'other' }],
    ['grant.not-next', { previous: 'A'.repeat(43) }],
  ])('is refused with %s', async (code, change) => {
    const ada = person();
    await expect(ada.give(change)).rejects.toEqual(refused(code));
    expect([(await list(ada)).consents, nodes.told]).toEqual([[], []]);
  });

  test('changes by a grant that names the one before; of two changes at once one wins', async () => {
    const ada = person();
    const { grant, consent } = await ada.give();
    const next = (expiresAt: number) => grantConsent(ada.record({ consentId: consent.consentId, expiresAt, previous: consentGrantHash(grant.record) }), ada.key);
    const results = await Promise.allSettled([1, 2, 3, 4].map((more) => ask('consents.grant', { grant: next(now() + 3600 + more) })));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const codes = results.flatMap((result) => (result.status === 'rejected' ? [(result.reason as BoopError).code] : []));
    expect(codes.every((code) => code === 'request.conflict' || code === 'grant.not-next')).toBe(true);
    expect((await ask('consents.receipts', { consentId: consent.consentId, call: ada.call(`/v1/consents/${consent.consentId}/receipts`) })).receipts.map(({ action }) => action)).toEqual(['given', 'changed']);
  });

  test('under an id that somebody else uses is refused', async () => {
    const { consent } = await person().give();
    await expect(person().give({ consentId: consent.consentId })).rejects.toEqual(refused('grant.not-next'));
  });

  test('expires by the clock', async () => {
    const ada = person();
    const { consent } = await ada.give({ expiresAt: now() + 5 });
    nowMs += 5_000;
    expect((await list(ada)).consents[0]!.status).toBe('expired');
    expect((await list(ada, { status: 'expired' })).consents.map(({ consentId }) => consentId)).toEqual([consent.consentId]);
    expect((await list(ada, { status: 'active' })).consents).toEqual([]);
  });
});

describe('a withdrawal', () => {
  test('is confirmed when the nodes know, tells the vendor, and is final', async () => {
    const ada = person();
    const { grant, consent } = await ada.give();
    const revocation = ada.withdraw(grant.record);
    expect(await ask('consents.revoke', { revocation })).toMatchObject({ status: 'revoked', revokedAt: now() });
    expect(nodes.told.at(-1)).toBe(consentRevocationHash(revocation.record));
    const { events } = await ask('consents.events', { limit: 100 });
    expect(events.at(-1)!.notify).toEqual({ kind: 'revoked', vendorId: 'shop', consentId: consent.consentId, purpose: 'tasting', revokedAt: now() });
    expect((await ask('consents.revoke', { revocation: ada.withdraw(grant.record) })).status).toBe('revoked');
    expect(nodes.told).toHaveLength(2);
    const again = ada.record({ consentId: consent.consentId, previous: consentGrantHash(grant.record) });
    await expect(ask('consents.grant', { grant: grantConsent(again, ada.key) })).rejects.toEqual(refused('consent.revoked'));
  });

  test('is not confirmed while the nodes are down, also when asked again', async () => {
    const ada = person();
    const { grant } = await ada.give();
    nodes.down = true;
    for (let round = 0; round < 2; round++) await expect(ask('consents.revoke', { revocation: ada.withdraw(grant.record) })).rejects.toEqual(refused('mpc.nodes-unavailable'));
    expect((await list(ada)).consents[0]!.status).toBe('revoking');
    expect(await notices()).toMatchObject([{ kind: 'granted' }]);
    nodes.down = false;
    expect((await ask('consents.revoke', { revocation: ada.withdraw(grant.record) })).status).toBe('revoked');
  });

  test('of somebody else or of nothing is refused', async () => {
    const ada = person();
    const eve = person();
    const { grant } = await ada.give();
    await expect(ask('consents.revoke', { revocation: ada.withdraw(grant.record, eve.key) })).rejects.toEqual(refused('owner.bad-signature'));
    await expect(ask('consents.revoke', { revocation: eve.withdraw({ ...grant.record, accountKey: eve.key.publicKey }) })).rejects.toEqual(refused('revocation.wrong-consent'));
    await expect(ask('consents.revoke', { revocation: ada.withdraw(ada.record()) })).rejects.toEqual(refused('request.not-found'));
    expect((await list(ada)).consents[0]!.status).toBe('active');
  });
});

describe('what a person reads', () => {
  test('comes in pages and is of this person alone', async () => {
    const ada = person();
    for (let i = 0; i < 5; i++) await ada.give();
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await list(ada, { limit: 2, ...(after === undefined ? {} : { after }) });
      seen.push(...page.consents.map(({ consentId }) => consentId));
      after = page.nextCursor;
    } while (after !== undefined);
    expect(new Set(seen).size).toBe(5);
    const eve = person();
    expect((await list(eve)).consents).toEqual([]);
    await expect(ask('consents.get', { consentId: seen[0], call: eve.call(`/v1/consents/${seen[0]!}`) })).rejects.toEqual(refused('request.not-found'));
    expect((await ask('consents.get', { consentId: seen[0], call: ada.call(`/v1/consents/${seen[0]!}`) })).consentId).toBe(seen[0]);
    await expect(list(ada, { after: 'x' })).rejects.toEqual(refused('request.malformed'));
  });

  test('takes a fresh signature for that very path', async () => {
    const ada = person();
    const call = ada.call('/v1/consents');
    await ask('consents.list', { call, limit: 1 });
    await expect(ask('consents.list', { call, limit: 1 })).rejects.toEqual(refused('owner.replayed-call'));
    await expect(ask('consents.list', { call: ada.call('/v1/other'), limit: 1 })).rejects.toEqual(refused('owner.wrong-call'));
    await expect(ask('consents.list', { call: ada.call('/v1/consents', { issuedAt: now() - 61 }), limit: 1 })).rejects.toEqual(refused('owner.stale-call'));
    await expect(ask('consents.list', { call: { ...call, record: { ...call.record, accountKey: person().key.publicKey } }, limit: 1 })).rejects.toEqual(refused('owner.bad-signature'));
    await expect(ask('consents.list', { limit: 1 })).rejects.toEqual(refused('request.malformed'));
  });
});

test('log entries commit to the documents, and their openings open them', async () => {
  const ada = person();
  const { grant, consent } = await ada.give();
  await ask('consents.revoke', { revocation: ada.withdraw(grant.record) });
  const { receipts } = await ask('consents.receipts', { consentId: consent.consentId, call: ada.call(`/v1/consents/${consent.consentId}/receipts`) });
  const { events } = await ask('consents.events', { limit: 100 });
  const entries = events.flatMap(({ entry }) => entry ?? []);
  expect(receipts.map(({ logEntry }) => logEntry)).toEqual(entries.map(logEntryHash));
  for (const [at, { document, opening, action }] of receipts.entries()) {
    const entry = parseLogEntry(entries[at]!);
    if (entry.kind !== 'consent') throw new TypeError(entry.kind);
    const hash = document.record.kind === 'consent-grant' ? consentGrantHash(document.record) : consentRevocationHash(document.record);
    expect(entry.action).toBe(action);
    expect(() => verifyConsentCommitment(entry.consent, { opening, document: hash })).not.toThrow();
  }
  await ask('consents.settle', { sequences: events.map(({ sequence }) => sequence) });
  expect((await ask('consents.events', { limit: 100 })).events).toEqual([]);
});

test('a published text stays as it is', async () => {
  expect((await ask('consents.publish-text', text)).created).toBe(false);
  await expect(ask('consents.publish-text', { ...text, text: 'The shop learns all.' })).rejects.toEqual(refused('request.conflict'));
  expect((await ask('consents.publish-text', { ...text, version: 'v9' })).created).toBe(true);
  const { texts } = await ask('consents.texts', {});
  expect(texts).toContainEqual({ ...text, hash: purposeTextHash(text) });
  const common = texts.find(({ purpose }) => purpose === 'age')!;
  const { hash: _, ...age } = common;
  expect((await ask('consents.publish-text', age)).created).toBe(false);
  await expect(ask('consents.publish-text', { ...age, text: 'The shop learns all.' })).rejects.toEqual(refused('request.conflict'));
});

describe('an erasure', () => {
  test('leaves nothing of the person, and withdraws what stood', async () => {
    const ada = person();
    const bob = person();
    const { consent } = await ada.give();
    await bob.give();
    nodes.down = true;
    await expect(ask('consents.erase', { request: ada.erasure() })).rejects.toEqual(refused('mpc.nodes-unavailable'));
    expect((await list(ada)).consents).toHaveLength(1);
    nodes.down = false;
    expect(await ask('consents.erase', { request: ada.erasure() })).toMatchObject({ consents: 1, attributes: 3 });
    expect(nodes.erased).toEqual([ada.key.publicKey]);
    const { events } = await ask('consents.events', { limit: 100 });
    expect(events.at(-2)!.notify).toMatchObject({ vendorId: 'shop', consentId: consent.consentId });
    expect(parseLogEntry(events.at(-1)!.entry!)).toMatchObject({ kind: 'attributes', action: 'removed' });
    await ask('consents.settle', { sequences: events.map(({ sequence }) => sequence) });
    const dump = JSON.stringify([await database.consent.findMany(), await database.consentDocument.findMany(), await database.consentEvent.findMany()], (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
    expect(dump).not.toContain(ada.key.publicKey);
    expect(dump).not.toContain(consent.consentId);
    expect(dump).toContain(bob.key.publicKey);
  });
  test('that somebody else signed is refused', async () => {
    const ada = person();
    const request = ada.erasure();
    await expect(ask('consents.erase', { request: { ...request, record: { ...request.record, accountKey: person().key.publicKey } } })).rejects.toEqual(refused('owner.bad-signature'));
  });
});
