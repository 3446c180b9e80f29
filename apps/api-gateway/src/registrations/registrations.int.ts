import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { giveConsent, type ConsentText, ownerAuthorization, type OwnerCall, ownerCallBytes, ownerCallDomain, type RegistrationContext, sessionIdOf, signAsOwner, signedOwnerCall, SigningKey } from '@boop/identity';
import { type LinkClient, systemRng } from '@boop/platform';
import { parseLogEntry, parseRegistrationLink, registrationListSchema, registrationSchema, registrationSessionSchema, registrationWithLinkSchema, type SplitItem, subjectPaths } from '@boop/protocol';
import { BoopError, fromBase64Url, toBase64Url } from '@boop/shared';
import { openDatabase } from '../store/database.ts';
import { sealedProbe } from '../testing/probes.ts';
import { eventually, keys, TestGateway } from '../testing/test-gateway.ts';
import { pruneRegistrations } from './registration-list.ts';

// A whole gateway on a busy machine.
jest.setTimeout(120_000);

let g: TestGateway;
let bridge: LinkClient;
beforeAll(async () => {
  g = await TestGateway.start();
  bridge = await g.bridge();
});
afterAll(async () => {
  await bridge.close();
  await g.stop();
});

interface Session {
  readonly context: RegistrationContext;
  readonly secret: string;
  readonly consentText: ConsentText;
}

let keyNumber = 0;
const call = (method: string, path: string, body?: unknown, key: string = keys.shop, headers: Record<string, string> = {}) => g.call(method, `/v1/registrations${path}`, { key, headers, ...(body === undefined ? {} : { body }) });
const invite = async (wish: object = { positions: ['left-palm'] }, key: string = keys.shop) => {
  const { status, body } = await call('POST', '', wish, key, { 'idempotency-key': `invite-${++keyNumber}` });
  expect(status).toBe(201);
  return registrationWithLinkSchema.parse(body);
};
const view = async (id: string) => registrationSchema.parse((await call('GET', `/${id}`)).body);
const ask = (method: string, body: object): Promise<unknown> => bridge.request(`registration.${method}`, body, { timeoutMs: 30_000 });
const open = async (link: string): Promise<Session> => {
  const { registrationId, secret } = parseRegistrationLink(link);
  return (await ask('resume', { registrationId, secret })) as Session;
};
const told = async (id: string) => (await g.sql<{ vendor_id: string; type: string; data: object }>(`SELECT vendor_id, type, data FROM webhook_events WHERE data->'registration'->>'id' = $1`, [id]));

const account = SigningKey.generate(systemRng);
async function register({ context, consentText }: Session): Promise<void> {
  const { registrationId, positions } = context;
  await ask('consent', { registrationId, consent: giveConsent({ networkId: 'test-net', registrationId, text: consentText, givenAt: 5 }, account) });
  for (const position of positions) for (const index of [0, 1, 2]) await ask('sample', { registrationId, position, index, quality: { score: 90, reasons: [] } });
  const items = positions.flatMap((position): SplitItem[] => [{ role: 'reference', position, valid: 900 }, ...[0, 1, 2].map((index): SplitItem => ({ role: 'sample', position, index, valid: 900 }))]);
  await ask('complete', { registrationId, split: await sealedProbe(g.nodes.manifest, sessionIdOf(context), account, { purpose: 'registration', items }) });
}

describe('a link to register', () => {
  test('leads from the invitation to a receipt, and its vendor is told', async () => {
    const { link, ...made } = await invite({ positions: ['left-palm'], locale: 'de-CH' });
    expect(made).toMatchObject({ status: 'waiting', positions: ['left-palm'] });
    expect(Date.parse(made.expiresAt) - Date.parse(made.createdAt)).toBe(24 * 60 * 60_000);
    expect(await view(made.id)).toEqual(made);
    const session = await open(link);
    expect(session).toMatchObject({ context: { registrationId: made.id, positions: ['left-palm'] }, consentText: { version: 'v1-de' } });
    expect(session.context.expiresAt - session.context.issuedAt).toBe(15 * 60);
    expect(await view(made.id)).toMatchObject({ status: 'in-progress', expiresAt: new Date(session.context.expiresAt * 1000).toISOString(), openedAt: expect.any(String) });
    await register(session);
    await eventually(async () => (await view(made.id)).status === 'succeeded');
    const { receipt } = await view(made.id);
    expect(receipt).toMatchObject({ registrationId: made.id, verified: true, logEntry: expect.any(String) });
    expect(JSON.stringify(await view(made.id))).not.toContain(account.publicKey);
    expect(await told(made.id)).toEqual([{ vendor_id: 'shop', type: 'registration.succeeded', data: { registration: { id: made.id, status: 'succeeded' } } }]);
    expect(await call('POST', `/${made.id}/cancel`)).toMatchObject({ status: 409, body: { code: 'context.decided' } });
  });

  test('starts the time of the session when it is opened, not when it is made', async () => {
    const { id, link } = await invite();
    await g.sql(`UPDATE registration_links SET created_at = now() - interval '23 hours', expires_at = now() + interval '1 hour' WHERE id = $1`, [id]);
    const { context } = await open(link);
    expect(Math.abs(context.issuedAt - Date.now() / 1000)).toBeLessThan(60);
  });

  test('opens one session, once; the session has a secret of its own', async () => {
    const { id, link } = await invite();
    const both = await Promise.allSettled([open(link), open(link)]);
    const opened = both.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(opened).toHaveLength(1);
    await expect(open(link)).rejects.toMatchObject({ code: 'request.unauthenticated' });
    const { secret, context } = opened[0]!;
    expect(secret).not.toBe(parseRegistrationLink(link).secret);
    expect(await ask('resume', { registrationId: id, secret })).toMatchObject({ context });
    const { id: unopened } = await invite();
    for (const wrong of [secret, 'A'.repeat(43), '']) await expect(ask('resume', { registrationId: unopened, secret: wrong })).rejects.toMatchObject({ code: 'request.unauthenticated' });
    expect(await view(unopened)).toMatchObject({ status: 'waiting' });
  });

  test('is nowhere in the database', async () => {
    const { id, link } = await invite();
    const { secret } = parseRegistrationLink(link);
    for (const table of ['registration_links', 'registrations', 'idempotency_keys', 'audit_entries'])
      expect(await g.sql(`SELECT 1 FROM ${table} AS r WHERE r::text LIKE '%' || $1 || '%'`, [secret])).toEqual([]);
    expect(await g.sql('SELECT 1 FROM registration_links AS r WHERE r::text LIKE \'%\' || $1 || \'%\'', [id])).toHaveLength(1);
  });

  test('expires, opened or not', async () => {
    const [unopened, opened] = [await invite(), await invite()];
    await open(opened.link);
    await g.sql('UPDATE registration_links SET expires_at = now() WHERE id = $1', [unopened.id]);
    await g.sql('UPDATE registrations SET expires_at = now() WHERE id = $1', [opened.id]);
    for (const { id } of [unopened, opened]) {
      await eventually(async () => (await told(id)).length === 1);
      expect(await told(id)).toMatchObject([{ vendor_id: 'shop', type: 'registration.expired' }]);
      expect(await view(id)).toMatchObject({ status: 'expired' });
      expect(await call('POST', `/${id}/cancel`)).toMatchObject({ status: 410, body: { code: 'context.expired' } });
    }
    await expect(open(unopened.link)).rejects.toMatchObject({ code: 'context.expired' });
  });

  test('can be cancelled, opened or not, and again', async () => {
    const [unopened, opened] = [await invite(), await invite()];
    await open(opened.link);
    for (const { id } of [unopened, opened]) {
      for (let i = 0; i < 2; i++) expect(await call('POST', `/${id}/cancel`)).toMatchObject({ status: 200, body: { id, status: 'cancelled' } });
      expect(await told(id)).toMatchObject([{ type: 'registration.cancelled' }]);
    }
    await expect(open(unopened.link)).rejects.toMatchObject({ code: 'context.cancelled' });
    await expect(ask('sample', { registrationId: opened.id, position: 'left-palm', index: 0, quality: { score: 90, reasons: [] } })).rejects.toMatchObject({ code: 'context.cancelled' });
  });

  test('that ends with a palm that is known tells that it failed, not why', async () => {
    const { id, link } = await invite();
    g.nodes.behaviour.decision = new BoopError('registration.duplicate', 'told by the nodes');
    await register(await open(link));
    await eventually(async () => (await view(id)).status === 'failed');
    g.nodes.behaviour.decision = { accepted: true, reason: 'ok', verified: true };
    expect(await told(id)).toMatchObject([{ type: 'registration.failed' }]);
    expect(JSON.stringify([await told(id), await view(id)])).not.toContain('duplicate');
  });
});

describe('a registration by REST alone', () => {
  const step = async (id: string, name: string, body: object) => await g.call('POST', `/v1/registrations/${id}/${name}`, { body });
  const opened = async () => {
    const { id, link } = await invite();
    const { status, body } = await step(id, 'session', { secret: parseRegistrationLink(link).secret });
    expect(status).toBe(200);
    return registrationSessionSchema.parse(body);
  };
  const consentTo = ({ context: { registrationId }, consentText }: Pick<Session, 'context' | 'consentText'>) => giveConsent({ networkId: 'test-net', registrationId, text: consentText, givenAt: 5 }, account);
  const splitOf = async ({ context }: Pick<Session, 'context'>) => {
    const items: SplitItem[] = [{ role: 'reference', position: 'left-palm', valid: 900 }, ...[0, 1, 2].map((index): SplitItem => ({ role: 'sample', position: 'left-palm', index, valid: 900 }))];
    return await sealedProbe(g.nodes.manifest, sessionIdOf(context), account, { purpose: 'registration', items });
  };
  const ready = async () => {
    const session = await opened();
    const { secret, context: { registrationId: id } } = session;
    expect(await step(id, 'consent', { secret, consent: consentTo(session) })).toMatchObject({ status: 200, body: { state: 'samples', samples: {} } });
    for (const index of [0, 1, 2]) expect(await step(id, 'samples', { secret, position: 'left-palm', index, quality: { score: 90, reasons: [] } })).toMatchObject({ status: 200, body: { accepted: true, remaining: 2 - index } });
    return { session, id, secret };
  };

  test('goes from a link over consent and samples to a receipt, and may be read at any time', async () => {
    const { session, id, secret } = await ready();
    expect((await step(id, 'session', { secret })).body).toMatchObject({ state: 'samples', samples: { 'left-palm': [0, 1, 2] }, context: session.context });
    const { status, body } = await step(id, 'completion', { secret, split: await splitOf(session) });
    expect([status, body]).toMatchObject([200, { registrationId: id, verified: true, positions: ['left-palm'] }]);
    await eventually(() => g.ledger.entries.includes((body as { logEntry: string }).logEntry));
    expect((await step(id, 'session', { secret })).body).toMatchObject({ state: 'done', receipt: body });
    expect(await step(id, 'completion', { secret, split: await splitOf(session) })).toMatchObject({ status: 409, body: { code: 'context.decided' } });
    expect(await told(id)).toMatchObject([{ type: 'registration.succeeded' }]);
  });

  test.each([
    ['registration.duplicate', 409, 'failed', 'failed'],
    ['registration.samples-disagree', 422, 'samples', 'in-progress'],
  ])('tells the person alone why the nodes refuse: %s', async (code, status, state, viewed) => {
    const { session, id, secret } = await ready();
    g.nodes.behaviour.decision = new BoopError(code, 'told by the nodes');
    try {
      expect(await step(id, 'completion', { secret, split: await splitOf(session) })).toMatchObject({ status, body: { code } });
    } finally {
      g.nodes.behaviour.decision = { accepted: true, reason: 'ok', verified: true };
    }
    expect((await step(id, 'session', { secret })).body).toMatchObject({ state });
    expect(await view(id)).toMatchObject({ status: viewed });
  });

  test('ends when the person does not want to go on', async () => {
    const { secret, context: { registrationId: id } } = await opened();
    for (let i = 0; i < 2; i++) expect(await step(id, 'session/cancel', { secret })).toMatchObject({ status: 200, body: { state: 'cancelled' } });
    expect(await told(id)).toMatchObject([{ type: 'registration.cancelled' }]);
    expect(await step(id, 'samples', { secret, position: 'left-palm', index: 0, quality: { score: 90, reasons: [] } })).toMatchObject({ status: 409, body: { code: 'context.cancelled' } });
  });

  test('answers nobody without the secret of this session, and takes no step before the one that it needs', async () => {
    const [session, other] = [await opened(), await opened()];
    const { secret, context: { registrationId: id } } = session;
    const split = await splitOf(session);
    const consent = consentTo(session);
    const sample = { position: 'left-palm', index: 0, quality: { score: 90, reasons: [] } };
    for (const [name, body] of [['session', {}], ['session/cancel', {}], ['consent', { consent }], ['samples', sample], ['completion', { split }]] as const) {
      for (const wrong of [other.secret, 'A'.repeat(43)]) expect(await step(id, name, { ...body, secret: wrong })).toMatchObject({ status: 401, body: { code: 'request.unauthenticated' } });
      expect(await step('no such id', name, { ...body, secret })).toMatchObject({ status: 401 });
      expect(await step(id, name, { ...body, secret, more: 1 })).toMatchObject({ status: 400, body: { code: 'request.malformed' } });
    }
    expect(await step(id, 'samples', { ...sample, secret })).toMatchObject({ status: 422, body: { code: 'consent.missing' } });
    expect(await step(id, 'consent', { secret, consent: consentTo(other) })).toMatchObject({ status: 422 });
    for (let i = 0; i < 2; i++) expect((await step(id, 'consent', { secret, consent })).status).toBe(200);
    expect(await step(id, 'samples', { secret, ...sample, quality: { score: 79, reasons: ['blurred'] } })).toMatchObject({ body: { accepted: false, remaining: 3 } });
    expect(await step(id, 'completion', { secret, split })).toMatchObject({ status: 422, body: { code: 'registration.incomplete' } });
    expect((await step(id, 'session', { secret })).body).toMatchObject({ state: 'samples' });
    const unopened = await invite();
    expect(await step(unopened.id, 'samples', { ...sample, secret: parseRegistrationLink(unopened.link).secret })).toMatchObject({ status: 401 });
  });
});

describe('a person who registers anew', () => {
  const renews = toBase64Url(systemRng.bytes(32));
  const reEnrol = async (body: unknown, path: string = subjectPaths.reEnrol, by = account) => {
    const record: OwnerCall = { v: 1, kind: 'owner-call', networkId: 'test-net', accountKey: account.publicKey, method: 'POST', path, issuedAt: Math.floor(Date.now() / 1000), nonce: toBase64Url(systemRng.bytes(16)) };
    return await g.call('POST', subjectPaths.reEnrol, { body, headers: { authorization: ownerAuthorization(signedOwnerCall(record, signAsOwner(ownerCallDomain, ownerCallBytes(record), by))) } });
  };
  const completed = async () => {
    const { status, body } = await reEnrol({ positions: ['left-palm'] });
    expect(status).toBe(201);
    const session = registrationSessionSchema.parse(body);
    const { context, secret, consentText } = session;
    expect(session).toMatchObject({ state: 'consent', samples: {}, context: { positions: ['left-palm'] } });
    const { registrationId } = context;
    const step = async (name: string, sent: object) => await g.call('POST', `/v1/registrations/${registrationId}/${name}`, { body: { secret, ...sent } });
    expect(await step('consent', { consent: giveConsent({ networkId: 'test-net', registrationId, text: consentText, givenAt: 5, renews }, account) })).toMatchObject({ status: 200 });
    for (const index of [0, 1, 2]) await step('samples', { position: 'left-palm', index, quality: { score: 90, reasons: [] } });
    const items: SplitItem[] = [{ role: 'reference', position: 'left-palm', valid: 900 }, ...[0, 1, 2].map((index): SplitItem => ({ role: 'sample', position: 'left-palm', index, valid: 900 }))];
    const answer = await step('completion', { split: await sealedProbe(g.nodes.manifest, sessionIdOf(context), account, { purpose: 'registration', items }) });
    return { answer, step, registrationId };
  };

  test('opens a session by a signature of the account key, and gets a receipt for what it was', async () => {
    const { answer, registrationId } = await completed();
    const { status, body } = answer as { status: number; body: { receipt: { entry: string }; logEntry: string } };
    expect([status, body]).toMatchObject([200, { registrationId, positions: ['left-palm'] }]);
    expect(parseLogEntry(fromBase64Url(body.receipt.entry))).toMatchObject({ kind: 're-enrolment' });
    await eventually(() => g.ledger.entries.includes(body.logEntry));
    // Nobody invited, so nobody is told, and the gateway has nothing of whom or what.
    expect(await told(registrationId)).toEqual([]);
    expect(await call('GET', `/${registrationId}`)).toMatchObject({ status: 404 });
  });

  test.each([
    ['registration.nothing-to-renew', 409, 'failed'],
    ['registration.not-recognised', 422, 'samples'],
  ])('is told why the nodes refuse: %s', async (code, status, state) => {
    g.nodes.behaviour.decision = new BoopError(code, 'told by the nodes');
    try {
      const { answer, step } = await completed();
      expect(answer).toMatchObject({ status, body: { code } });
      expect((await step('session', {})).body).toMatchObject({ state });
    } finally {
      g.nodes.behaviour.decision = { accepted: true, reason: 'ok', verified: true };
    }
  });

  test('is nobody else: another key, the signature of another request, none, a vendor', async () => {
    const wish = { positions: ['left-palm'] };
    expect(await reEnrol(wish, subjectPaths.reEnrol, SigningKey.generate(systemRng))).toMatchObject({ status: 401 });
    expect(await reEnrol(wish, subjectPaths.me)).toMatchObject({ status: 401 });
    expect(await g.call('POST', subjectPaths.reEnrol, { body: wish })).toMatchObject({ status: 401 });
    expect(await g.call('POST', subjectPaths.reEnrol, { key: keys.shop, body: wish })).toMatchObject({ status: 403 });
    expect(await reEnrol({ ...wish, renews })).toMatchObject({ status: 400, body: { code: 'request.malformed' } });
  });
});

describe('the list', () => {
  const list = async (query = '', key: string = keys.shop) => {
    const { status, body } = await call('GET', `?${query}`, undefined, key);
    expect(status).toBe(200);
    return registrationListSchema.parse(body);
  };
  const idsOf = ({ registrations }: { registrations: { id: string }[] }) => registrations.map(({ id }) => id);

  test('comes newest first, in pages, by status and time, and is the caller’s own', async () => {
    const from = new Date().toISOString();
    const made = [await invite(), await invite(), await invite(), await invite()] as const;
    const [waiting, opened, cancelled, expired] = made;
    await open(opened.link);
    await call('POST', `/${cancelled.id}/cancel`);
    await g.sql('UPDATE registration_links SET expires_at = now() WHERE id = $1', [expired.id]);
    const newestFirst = made.map(({ id }) => id).reverse();
    expect(idsOf(await list(`from=${from}`))).toEqual(newestFirst);
    const walked: string[] = [];
    for (let next: string | undefined = ''; next !== undefined; ) {
      const page: Awaited<ReturnType<typeof list>> = await list(`from=${from}&limit=3${next && `&cursor=${next}`}`);
      walked.push(...idsOf(page));
      next = page.next;
    }
    expect(walked).toEqual(newestFirst);
    for (const [status, { id }] of [['waiting', waiting], ['in-progress', opened], ['cancelled', cancelled], ['expired', expired]] as const) {
      const { registrations } = await list(`from=${from}&status=${status}`);
      expect(registrations).toEqual([await view(id)]);
      expect(registrations[0]!.status).toBe(status);
    }
    expect(JSON.stringify(await list())).not.toContain('secret');
    expect(idsOf(await list('to=2020-01-01T00:00:00Z'))).toEqual([]);
    expect(idsOf(await list(`from=${from}`, keys.other))).toEqual([]);
    expect(await call('GET', '?vendorId=shop', undefined, keys.other)).toMatchObject({ status: 403, body: { code: 'request.forbidden' } });
    expect(idsOf(await list(`vendorId=shop&from=${from}`, keys.admin))).toEqual(newestFirst);
    for (const query of ['cursor=x', 'limit=0', 'status=gone', 'name=Ada']) expect(await call('GET', `?${query}`)).toMatchObject({ status: 400, body: { code: 'request.malformed' } });
  });

  test('loses what came to nothing long ago, and keeps receipts', async () => {
    const [unopened, failed, done] = [await invite(), await invite(), await invite()];
    const alone = (await ask('start', { address: '127.0.0.1' })) as Session;
    for (const { link } of [failed, done]) await register(await open(link));
    for (const { id } of [failed, done]) await eventually(async () => (await view(id)).status === 'succeeded');
    await g.sql("UPDATE registrations SET state = 'failed', receipt = NULL WHERE id = $1", [failed.id]);
    await ask('cancel', { registrationId: alone.context.registrationId });
    await call('POST', `/${unopened.id}/cancel`);
    const ids = [unopened.id, failed.id, done.id, alone.context.registrationId];
    const rows = async () => new Set((await g.sql<{ id: string }>('SELECT id FROM registrations WHERE id = ANY ($1) UNION SELECT id FROM registration_links WHERE id = ANY ($1)', [ids])).map(({ id }) => id));
    const forgetStreams = async (...of: string[]): Promise<void> => {
      const streams = of.map((id) => `registration:${id}`);
      await g.sql('DELETE FROM channel_events WHERE stream = ANY ($1)', [streams]);
      await g.sql('DELETE FROM channel_streams WHERE stream = ANY ($1)', [streams]);
    };
    await forgetStreams(failed.id, done.id);
    const database = openDatabase(g.databaseUrl);
    try {
      const days = (count: number): number => Date.now() + count * 86_400_000;
      await pruneRegistrations(database, days(2));
      expect(await rows()).toEqual(new Set(ids));
      await forgetStreams(alone.context.registrationId);
      await pruneRegistrations(database, days(0.5));
      expect(await rows()).toEqual(new Set(ids));
      await pruneRegistrations(database, days(2));
      expect(await rows()).toEqual(new Set(ids.slice(0, 3)));
      await pruneRegistrations(database, days(32));
      expect(await rows()).toEqual(new Set([done.id]));
    } finally {
      await database.$disconnect();
    }
    expect((await view(done.id)).receipt).toMatchObject({ registrationId: done.id });
    expect((await call('GET', `/${failed.id}`)).status).toBe(404);
  });
});

describe('the requests', () => {
  test('an invitation needs an Idempotency-Key, and gives the same link under it', async () => {
    expect(await call('POST', '', {})).toMatchObject({ status: 400, body: { code: 'idempotency.missing' } });
    const again = () => call('POST', '', {}, keys.shop, { 'idempotency-key': 'the-same' });
    const first = await again();
    expect(first).toMatchObject({ status: 201, body: { positions: ['left-palm', 'right-palm'] } });
    expect(first.headers.get('location')).toBe(`/v1/registrations/${first.body.id}`);
    expect((await again()).body).toEqual(first.body);
    expect(await call('POST', '', { locale: 'de' }, keys.shop, { 'idempotency-key': 'the-same' })).toMatchObject({ status: 422, body: { code: 'idempotency.other-body' } });
  });

  test('another’s registration is not found, nor one without a link', async () => {
    const { id } = await invite();
    const { context } = (await ask('start', { address: '127.0.0.1' })) as Session;
    for (const key of [keys.other, keys.admin]) {
      expect(await call('GET', `/${id}`, undefined, key)).toMatchObject({ status: 404 });
      expect(await call('POST', `/${id}/cancel`, undefined, key)).toMatchObject({ status: 404 });
    }
    expect(await call('GET', `/${context.registrationId}`)).toMatchObject({ status: 404 });
    expect(await view(id)).toMatchObject({ status: 'waiting' });
  });

  test('an admin invites for nobody’s webhooks', async () => {
    const { id } = await invite({}, keys.admin);
    expect(await call('POST', `/${id}/cancel`, undefined, keys.admin)).toMatchObject({ status: 200, body: { status: 'cancelled' } });
    expect(await told(id)).toEqual([]);
  });

  test('what does not fit is refused', async () => {
    for (const wish of [{ positions: [] }, { positions: ['nose'] }, { locale: 'd'.repeat(40) }, { name: 'Ada' }, []])
      expect(await call('POST', '', wish, keys.shop, { 'idempotency-key': `bad-${++keyNumber}` })).toMatchObject({ status: 400, body: { code: 'request.malformed' } });
  });
});
