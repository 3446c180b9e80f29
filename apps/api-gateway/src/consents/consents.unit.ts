import { describe, expect, test } from '@jest/globals';
import { type OwnerCall, ownerAuthorization, ownerCallBytes, ownerCallDomain, signAsOwner, SigningKey } from '@boop/identity';
import { silentLogger, systemRng } from '@boop/platform';
import { type ConsentEvent, logEntryBytes, logEntryHash } from '@boop/protocol';
import { BoopError, toBase64Url } from '@boop/shared';
import { ConsentEvents } from './consent-events.ts';
import { consentsClient, type ConsentsClient } from './consents-client.ts';
import { ownerAuthenticator } from './owner-authenticator.ts';

const nowMs = 1_800_000_000_000;
const key = SigningKey.generate(systemRng);
const call = (change: Partial<OwnerCall> = {}): string => {
  const record: OwnerCall = { v: 1, kind: 'owner-call', networkId: 'net', accountKey: key.publicKey, method: 'GET', path: '/v1/consents', issuedAt: nowMs / 1000, nonce: toBase64Url(systemRng.bytes(16)), ...change };
  return ownerAuthorization({ record, signed: signAsOwner(ownerCallDomain, ownerCallBytes(record), key) });
};

describe('a person at the gateway', () => {
  const authenticator = ownerAuthenticator({ networkId: 'net', clock: { nowMs: () => nowMs } });
  const authenticate = (authorization: string | undefined, url = '/v1/consents?limit=5') => authenticator.authenticate({ method: 'GET', url, headers: { authorization }, ip: '127.0.0.1' });

  test('is known by the account key that signed the request', async () => {
    expect(await authenticate(call())).toEqual({ role: 'person', id: key.publicKey });
  });
  test('is nobody of ours with another kind of credential', async () => {
    expect([await authenticate(undefined), await authenticate('Bearer sk_test_x')]).toEqual([undefined, undefined]);
  });
  test.each([
    ['for another path', call({ path: '/v1/credentials' })],
    ['for another method', call({ method: 'POST' })],
    ['of another network', call({ networkId: 'other' })],
    ['that is old', call({ issuedAt: nowMs / 1000 - 61 })],
    ['that is no signed request', 'Boop-Owner e30'],
  ])('is refused with a signature %s', async (_, authorization) => {
    await expect(authenticate(authorization)).rejects.toEqual(expect.objectContaining({ code: 'request.unauthenticated' }));
  });
  test('is refused the second time', async () => {
    const once = call();
    await authenticate(once);
    await expect(authenticate(once)).rejects.toEqual(expect.objectContaining({ code: 'request.unauthenticated' }));
  });
});

describe('events of consents', () => {
  const entryOf = (time: number): Uint8Array => logEntryBytes({ v: 1, networkId: 'net', epoch: 1, time, kind: 'consent', consent: toBase64Url(new Uint8Array(32)), action: 'given' });
  const serviceOf = (waiting: ConsentEvent[]): ConsentsClient => ({
    ask(method, body) {
      if (method === 'consents.events') return Promise.resolve({ events: waiting.slice(0, (body as { limit: number }).limit) }) as never;
      for (const sequence of (body as { sequences: number[] }).sequences) waiting.splice(waiting.findIndex((event) => event.sequence === sequence), 1);
      return Promise.resolve({}) as never;
    },
  });
  const eventsOf = (count: number): ConsentEvent[] => Array.from({ length: count }, (_, at) => ({ sequence: at + 1, entry: entryOf(at) }));

  test('are handed on in their order, all of them, and settled', async () => {
    const waiting = eventsOf(120);
    const handed: string[] = [];
    await new ConsentEvents({ consents: serviceOf(waiting), handOn: ({ entry }) => Promise.resolve(void handed.push(logEntryHash(entry!))), log: silentLogger }).run();
    expect(handed).toEqual(eventsOf(120).map(({ entry }) => logEntryHash(entry!)));
    expect(waiting).toEqual([]);
  });
  test('that could not be handed on stay, and come again', async () => {
    const waiting = eventsOf(3);
    const handed: number[] = [];
    let fails = true;
    const events = new ConsentEvents({
      consents: serviceOf(waiting),
      log: silentLogger,
      handOn: ({ sequence }) => (fails && sequence === 2 ? Promise.reject(new Error('database')) : Promise.resolve(void handed.push(sequence))),
    });
    await expect(events.run()).rejects.toThrow('database');
    expect(waiting).toHaveLength(3);
    fails = false;
    await Promise.all([events.run(), events.run()]);
    expect([waiting.length, handed]).toEqual([0, [1, 1, 2, 3]]);
  });
});

test('what the attributes service refuses keeps its code, and a broken link has its own', async () => {
  const clientOf = (error: unknown) => consentsClient({ request: () => Promise.reject(error) });
  await expect(clientOf(new BoopError('grant.stale', 'too old')).ask('consents.texts', {})).rejects.toEqual(expect.objectContaining({ code: 'grant.stale' }));
  await expect(clientOf(new BoopError('link.down', 'broken', { kind: 'unavailable' })).ask('consents.texts', {})).rejects.toEqual(expect.objectContaining({ code: 'attributes.unavailable', kind: 'unavailable' }));
  await expect(consentsClient({ request: () => Promise.resolve({ odd: 1 }) }).ask('consents.texts', {})).rejects.toEqual(expect.objectContaining({ code: 'attributes.unavailable' }));
});
