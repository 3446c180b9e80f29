import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ConsentNotice, logEntryBytes } from '@boop/protocol';
import { toBase64Url } from '@boop/shared';
import { applyMigrations, type EmbeddedPostgres, startEmbeddedPostgres } from '@boop/platform';
import { freePort } from '@boop/testing';
import { handOnTo } from '../consents/hand-on.ts';
import { adminEvent, type ChannelEvent, vendorEvent } from '../domain/events.ts';
import { type Database, openDatabase } from './database.ts';
import { eventStore } from './event-store.ts';
import { idempotencyStore } from './idempotency-store.ts';
import { outboxStore } from './outbox-store.ts';

const dir = mkdtempSync(join(tmpdir(), 'boop-events-'));
let postgres: EmbeddedPostgres;
let database: Database;

beforeAll(async () => {
  postgres = await startEmbeddedPostgres({ dir, port: await freePort(), databases: [{ name: 'gateway', user: 'gateway' }] });
  await applyMigrations(postgres.urls['gateway']!, fileURLToPath(new URL('../../prisma/migrations', import.meta.url)));
  database = openDatabase(postgres.urls['gateway']!);
}, 120_000);
afterAll(async () => {
  await database?.$disconnect();
  await postgres?.stop();
  rmSync(dir, { recursive: true, force: true, maxRetries: 10 });
});

const event = (contextId: string, vendor = 'shop'): ChannelEvent => vendorEvent(vendor, { type: 'context_expired', contextId });
const offsets = async (stream: string): Promise<number[]> =>
  (await database.channelEvent.findMany({ where: { stream }, orderBy: { offset: 'asc' } })).map(({ offset }) => Number(offset));

describe('the event store', () => {
  test('numbers events without a gap, whoever appends, and never deadlocks on two streams', async () => {
    const events = eventStore(database);
    const news = adminEvent({ type: 'nodes', nodes: [] });
    await Promise.all(Array.from({ length: 20 }, (_, i) => events.append(i % 2 ? [event(`a${i}`), news, event(`b${i}`)] : [news, event(`a${i}`), event(`b${i}`)])));
    expect(await offsets('vendor:shop')).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    expect(await offsets('admin')).toHaveLength(20);
  });

  test('keeps a stream’s epoch, and gives a new stream another one', async () => {
    const events = eventStore(database);
    const epochOf = async (stream: string) => (await database.channelStream.findUniqueOrThrow({ where: { stream } })).epoch;
    const epoch = await epochOf('vendor:shop');
    await events.ensureStreams(['vendor:shop', 'vendor:new']);
    expect(await epochOf('vendor:shop')).toBe(epoch);
    expect(await epochOf('vendor:new')).not.toBe(epoch);
  });

  test('forgets by age and by count, and never what came last', async () => {
    const events = eventStore(database);
    await events.append(Array.from({ length: 1_010 }, (_, i) => event(`c${i}`, 'busy')));
    await events.prune(Date.now());
    expect((await offsets('vendor:busy')).at(0)).toBe(11);
    expect(await offsets('admin')).toHaveLength(20);
    await events.prune(Date.now() + 11 * 60_000);
    expect(await offsets('vendor:busy')).toEqual([]);
    await events.append([event('d', 'busy')]);
    expect(await offsets('vendor:busy')).toEqual([1_011]);
  });

  test('drops the streams of registrations that are long over', async () => {
    const events = eventStore(database);
    const fixed = { secretHash: new Uint8Array(32), state: 'done', version: 1, context: {}, consentText: {}, samples: {}, createdAt: new Date(0) };
    await database.registrationRow.createMany({ data: [{ ...fixed, id: 'old', expiresAt: new Date(1_000) }, { ...fixed, id: 'new', expiresAt: new Date() }] });
    await events.ensureStreams(['registration:old', 'registration:new']);
    await events.prune(Date.now());
    expect(await database.channelStream.findMany({ where: { stream: { startsWith: 'registration:' } }, select: { stream: true } })).toEqual([{ stream: 'registration:new' }]);
  });
});

test('the outbox forgets what the ledger has had for a day, never what it has not', async () => {
  const outbox = outboxStore(database);
  const row = (entryHash: string) => ({ entryHash, entry: new Uint8Array(1), receipts: [], createdAt: new Date(0), nextAttemptAt: new Date(0) });
  await database.logOutbox.createMany({ data: [row('had'), row('waits')] });
  const [had] = await outbox.due(Date.now(), 1);
  await outbox.acknowledge(had!.id, 5, Date.now());
  await outbox.prune(Date.now() + 23 * 60 * 60_000);
  expect(await database.logOutbox.count()).toBe(2);
  await outbox.prune(Date.now() + 25 * 60 * 60_000);
  expect(await database.logOutbox.findMany({ select: { entryHash: true } })).toEqual([{ entryHash: 'waits' }]);
  expect([await outbox.holds('waits'), await outbox.holds('had')]).toEqual([true, false]);
});

describe('what happened to a consent', () => {
  const hash = (byte: number): string => toBase64Url(new Uint8Array(32).fill(byte));
  const common = { vendorId: 'wine', consentId: 'consent-1', purpose: 'tasting' };
  const granted = (grant: string): ConsentNotice => ({ kind: 'granted', ...common, grant, attributes: ['is_adult'], grantedAt: 5, expiresAt: 50 });
  const revoked: ConsentNotice = { kind: 'revoked', ...common, revokedAt: 7 };

  test('is told to the vendor once for each grant and once at its end, however often it is handed on', async () => {
    const woken: string[] = [];
    const handOn = handOnTo(database, { sendOutbox: () => woken.push('outbox'), wakeWebhooks: () => woken.push('webhooks') });
    const entry = logEntryBytes({ v: 1, networkId: 'test-net', epoch: 1, time: 5, kind: 'consent', consent: hash(9), action: 'given' });
    for (let round = 0; round < 2; round++) {
      await handOn({ sequence: 1, entry });
      for (const [at, notify] of [granted(hash(1)), granted(hash(2)), revoked].entries()) await handOn({ sequence: at + 2, notify });
    }
    const told = await database.webhookEvent.findMany({ where: { vendorId: 'wine' }, orderBy: { type: 'asc' }, select: { type: true, data: true } });
    const grant = { type: 'consent.granted', data: { consentId: 'consent-1', purpose: 'tasting', attributes: ['is_adult'], grantedAt: 5, expiresAt: 50 } };
    expect(told).toEqual([grant, grant, { type: 'consent.revoked', data: { consentId: 'consent-1', purpose: 'tasting', revokedAt: 7 } }]);
    const frames = (await database.channelEvent.findMany({ where: { stream: 'vendor:wine' }, orderBy: { offset: 'asc' } })).map(({ payload }) => payload);
    expect(frames).toEqual(told.map(({ type, data }) => ({ type: type.replace('.', '_'), ...(data as object) })));
    expect(await database.logOutbox.count({ where: { entry: new Uint8Array(entry) } })).toBe(1);
    expect(new Set(woken)).toEqual(new Set(['outbox', 'webhooks']));
  });
});

describe('idempotency keys', () => {
  test('belong to one request at a time, are free again after a minute, and are forgotten after a day', async () => {
    const keys = idempotencyStore(database);
    const now = Date.now();
    const claim = (atMs = now, bodyHash = 'h') => keys.claim('vendor/shop', 'k', bodyHash, atMs);
    expect(await claim()).toEqual({ kind: 'mine' });
    expect(await claim()).toEqual({ kind: 'in-flight' });
    expect(await claim(now, 'other')).toEqual({ kind: 'other-body' });
    expect(await claim(now + 61_000)).toEqual({ kind: 'mine' });
    await keys.complete('vendor/shop', 'k', 201, { id: 'x' });
    expect(await claim(now + 62_000)).toEqual({ kind: 'done', statusCode: 201, response: { id: 'x' } });
    await keys.prune(now + 25 * 60 * 60_000);
    expect(await claim(now + 25 * 60 * 60_000)).toEqual({ kind: 'mine' });
    await keys.abandon('vendor/shop', 'k');
    expect(await claim()).toEqual({ kind: 'mine' });
  });
});
