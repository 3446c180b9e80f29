import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { type Authentication, type MissingAttributes, type NetworkEpochs } from '@boop/protocol';
import { BoopError, toBase64Url } from '@boop/shared';
import { software } from './testing/fake-network.ts';
import { device, eventually, keys, otherDevice, TestGateway } from './testing/test-gateway.ts';
import { blankCapture, palmCapture, sealedProbe } from './testing/probes.ts';

let g: TestGateway;
beforeAll(async () => {
  g = await TestGateway.start();
}, 120_000);
afterAll(() => g.stop());
afterEach(() => {
  Object.assign(g.nodes.behaviour, { ready: true, decision: { accepted: true, reason: 'ok', verified: true }, missing: undefined, lie: undefined, delayMs: 0 });
});

async function open(body: object = { type: 'access', terminalId: 'till' }): Promise<Authentication> {
  const { status, body: resource } = await g.call('POST', '/v1/authentications', { key: keys.shop, body });
  expect(status).toBe(201);
  return resource as Authentication;
}
const present = async (context: Authentication, probe?: unknown, key: string = keys.till) =>
  g.call('POST', `/v1/authentications/${context.id}/probe`, { key, body: probe ?? { split: await sealedProbe(g.nodes.manifest, context.sessionId, device) } });
const read = async (context: Authentication) => (await g.call('GET', `/v1/authentications/${context.id}`, { key: keys.shop })).body as Authentication;

describe('an authentication', () => {
  test('goes from context to signed token, log and events', async () => {
    const context = await open({ type: 'access', terminalId: 'till', nonce: 'n-1', contextId: 'order-1' });
    expect(context).toMatchObject({ id: 'order-1', status: 'pending', nonce: 'n-1', link: 'http://127.0.0.1:40400/authenticate/shop/order-1' });
    const seenByTerminal = await present(context);
    expect(seenByTerminal).toMatchObject({ status: 200, body: { status: 'succeeded', result: { reason: 'ok', verified: true } } });
    expect(seenByTerminal.body.result.idToken).toBeUndefined();

    const decided = await read(context);
    const jwks = (await g.call('GET', '/.well-known/jwks.json')).body as JSONWebKeySet;
    const { payload } = await jwtVerify(decided.result!.idToken!, createLocalJWKSet(jwks), { issuer: 'http://127.0.0.1:40401', audience: 'shop' });
    expect(payload).toMatchObject({ nonce: 'n-1', boop: { context: 'order-1', splitAt: 'edge', verified: true } });

    const { logEntry } = decided.result!;
    await eventually(() => g.ledger.entries.includes(logEntry));
    expect((await g.call('GET', `/v1/ledger/proofs/${logEntry}`)).status).toBe(200);
    expect(await g.events('vendor:shop')).toContainEqual({ type: 'authentication_success', authentication: decided });
    const terminal = await g.events('pvs:till');
    expect(terminal.filter(({ type }) => type === 'authentication_requested')).toHaveLength(1);
    expect(terminal.at(-1)).toEqual({ type: 'authentication_ended', contextId: 'order-1', reason: 'ok', retryAllowed: false });
    expect(await present(context)).toMatchObject({ status: 409, body: { code: 'context.decided' } });
  });

  test.each([
    ['no-match', { accepted: false, reason: 'no-match', verified: true }],
    ['unverified', { accepted: false, reason: 'unverified', verified: false }],
  ] as const)('that ends with %s fails with its reason and without a token', async (reason, decision) => {
    g.nodes.behaviour.decision = decision;
    const context = await open();
    expect(await present(context)).toMatchObject({ status: 200, body: { status: 'failed', result: { reason, retryAllowed: true } } });
    expect((await read(context)).result).not.toHaveProperty('idToken');
  });

  test('of a thin device is split here and says so', async () => {
    const context = await open();
    expect(await present(context, { capture: palmCapture(1), position: 'right-palm' })).toMatchObject({ status: 200, body: { status: 'succeeded' } });
    expect(g.nodes.seen.at(-1)!.body).toMatchObject({ split: { header: { splitAt: 'gateway', items: [{ role: 'probe', position: 'right-palm' }] } } });
  });

  test('reads with an ETag and expires on time', async () => {
    const context = await open();
    const path = `/v1/authentications/${context.id}`;
    const etag = (await g.call('GET', path, { key: keys.shop })).headers.get('etag')!;
    expect((await g.call('GET', path, { key: keys.shop, headers: { 'if-none-match': etag } })).status).toBe(304);
    await g.sql('UPDATE authentications SET expires_at = now() WHERE id = $1', [context.id]);
    await eventually(async () => (await g.events('vendor:shop')).some(({ type, contextId }) => type === 'context_expired' && contextId === context.id));
    expect(await read(context)).toMatchObject({ status: 'expired' });
    expect((await g.call('GET', path, { key: keys.shop, headers: { 'if-none-match': etag } })).status).toBe(200);
    expect(await present(context)).toMatchObject({ status: 410, body: { code: 'context.expired' } });
  });

  test('can be cancelled, twice alike, and not probed afterwards', async () => {
    const context = await open();
    for (let i = 0; i < 2; i++) expect(await g.call('POST', `/v1/authentications/${context.id}/cancel`, { key: keys.shop })).toMatchObject({ status: 200, body: { status: 'cancelled' } });
    expect(await present(context)).toMatchObject({ status: 409, body: { code: 'context.cancelled' } });
  });
});

describe('bad input has its own code and changes nothing', () => {
  const other = toBase64Url(new Uint8Array(32).fill(3));
  const edge = (context: Authentication, header = {}) => sealedProbe(g.nodes.manifest, context.sessionId, device, header);
  test.each<[string, number, (context: Authentication) => Promise<unknown> | unknown, string?]>([
    ['capture.unreadable', 422, () => ({ capture: blankCapture().slice(0, 4_000) })],
    ['capture.unsupported-format', 422, () => ({ capture: toBase64Url(new Uint8Array(100)) })],
    ['capture.unreadable', 422, () => ({ capture: '!not base64url!' })],
    ['capture.wrong-size', 422, () => ({ capture: blankCapture(64) })],
    ['capture.low-quality', 422, () => ({ capture: blankCapture() })],
    ['capture.too-large', 413, () => ({ capture: toBase64Url(new Uint8Array(1_049_000)) })],
    ['template.unknown-encoder', 422, async (context) => ({ split: await edge(context, { encoder: 'palm-compcode-0' }) })],
    ['share.wrong-epoch', 422, async (context) => ({ split: await edge(context, { epoch: 2 }) })],
    ['share.wrong-epoch', 422, async (context) => { const split = await edge(context, { epoch: 2 }); return { split: { ...split, envelopes: split.envelopes.slice(1) } }; }],
    ['share.wrong-session', 422, async (context) => ({ split: await edge(context, { sessionId: other }) })],
    ['share.wrong-session', 422, async (context) => ({ split: await edge(context, { purpose: 'registration' }) })],
    ['split.altered', 422, async (context) => ({ split: { ...(await edge(context)), signature: toBase64Url(new Uint8Array(64)) } })],
    ['split.incomplete', 422, async (context) => { const split = await edge(context); return { split: { ...split, envelopes: split.envelopes.slice(1) } }; }],
    ['share.wrong-node', 422, async (context) => { const split = await edge(context); const [first, second, ...rest] = split.envelopes; return { split: { ...split, envelopes: [second!, first!, ...rest] } }; }],
    ['request.forbidden', 403, async (context) => ({ split: await sealedProbe(g.nodes.manifest, context.sessionId, otherDevice) })],
    ['request.forbidden', 403, async (context) => ({ split: await edge(context, { splitAt: 'gateway' }) })],
    ['request.malformed', 400, () => ({ capture: 5 })],
    ['request.malformed', 400, async (context) => ({ split: await edge(context), extra: 'secret-value' })],
    ['request.not-found', 404, async (context) => ({ split: await sealedProbe(g.nodes.manifest, context.sessionId, otherDevice) }), keys.otherTill],
  ])('%s (%i)', async (code, status, probe, key = keys.till) => {
    const context = await open();
    const runs = g.nodes.seen.length;
    const answer = await present(context, await probe(context), key);
    expect(answer).toMatchObject({ status, body: { code, type: `https://boop.network/problems/${code}` } });
    expect(answer.headers.get('content-type')).toMatch('application/problem+json');
    expect(JSON.stringify(answer.body)).not.toMatch(/secret-value|extra/);
    expect(g.nodes.seen).toHaveLength(runs);
    expect(await read(context)).toEqual(context);
  });

  test('a policy that forbids splitting here', async () => {
    const context = await open({ type: 'access', policy: { acceptGatewaySplit: false } });
    expect(await present(context, { capture: palmCapture(1) })).toMatchObject({ status: 403, body: { code: 'split.gateway-not-allowed' } });
  });

  test('a capture without a liveness check where the vendor asks for one', async () => {
    const context = await open({ type: 'access', policy: { livenessLevel: 1 } });
    expect(await present(context, { capture: palmCapture(1) })).toMatchObject({ status: 422, body: { code: 'liveness.missing' } });
    expect(await read(context)).toEqual(context);
  });

  test.each(['share.unopenable', 'split.replayed', 'share.malformed'])('what the nodes refuse with %s leaves the context open', async (code) => {
    g.nodes.behaviour.decision = new BoopError(code, 'refused by a node');
    const context = await open();
    expect(await present(context)).toMatchObject({ body: { code } });
    expect(await read(context)).toEqual(context);
  });

  test.each<[unknown, string]>([
    [{ type: 'nothing' }, '/type'],
    [{}, '/type'],
    [{ type: 'access', nonce: '' }, '/nonce'],
    [{ type: 'payment' }, '/amount'],
    [{ type: 'access', amount: 5 }, '/currency'],
    [{ type: 'access', policy: { operatingPoint: 'lax' } }, '/policy/operatingPoint'],
    [{ type: 'access', policy: { livenessLevel: 2 } }, '/policy/livenessLevel'],
    [{ type: 'access', policy: { theta: -5 } }, '/policy'],
  ])('%j names the field', async (body, pointer) => {
    const answer = await g.call('POST', '/v1/authentications', { key: keys.shop, body });
    expect(answer).toMatchObject({ status: 400, body: { code: 'request.malformed', errors: [{ pointer }] } });
  });

  test.each<[string, number, { body?: string; headers?: Record<string, string>; path?: string }]>([
    ['request.malformed', 400, { body: '{"type":' }],
    ['request.unsupported-media-type', 415, { body: '<a/>', headers: { 'content-type': 'text/xml' } }],
    ['request.too-large', 413, { body: JSON.stringify({ type: 'x'.repeat(2_200_000) }) }],
    ['request.not-found', 404, { body: '{}', path: '/v1/nothing' }],
  ])('%s by the HTTP server itself is a problem document too', async (code, status, { path = '/v1/authentications', ...options }) => {
    const answer = await g.call('POST', path, { key: keys.shop, ...options });
    expect(answer).toMatchObject({ status, body: { code } });
    expect(answer.headers.get('content-type')).toMatch('application/problem+json');
  });
});

describe('an authentication of somebody who lacks what is required', () => {
  const asked = { type: 'access', terminalId: 'till', requiredAttributes: ['email', 'phone'], optionalAttributes: ['country'] };
  const lacking = { accepted: false, reason: 'user-missing-attributes', verified: false } as const;
  const decide = (names: string[], signers?: number[]): void => void Object.assign(g.nodes.behaviour, { decision: lacking, missing: { names, ...(signers && { signers }) } });

  test('tells the vendor which attributes those are, and not the terminal', async () => {
    const context = await open(asked);
    decide(['phone']);
    const { status, body } = await present(context);
    expect([status, body.outcome]).toEqual([200, { reason: 'user-missing-attributes', retryAllowed: false, endedAt: expect.any(String) }]);
    const decided = await read(context);
    expect(decided.outcome).toMatchObject({ reason: 'user-missing-attributes', missing: ['phone'] });
    expect(await g.events('vendor:shop')).toContainEqual(expect.objectContaining({ type: 'authentication_failed', contextId: context.id, authentication: decided }));
    expect(JSON.stringify(await g.events('pvs:till'))).not.toContain('"missing"');
  });

  test('has its reason alone where the nodes agreed on no list', async () => {
    const context = await open(asked);
    g.nodes.behaviour.decision = lacking;
    expect((await present(context)).status).toBe(200);
    expect((await read(context)).outcome).toEqual({ reason: 'user-missing-attributes', retryAllowed: false, endedAt: expect.any(String) });
  });

  test.each<[string, NonNullable<typeof g.nodes.behaviour.lie>]>([
    ['drops a name', (answer) => ({ ...answer, missing: { ...answer.missing!, names: ['email'] } })],
    ['adds one', (answer) => ({ ...answer, missing: { ...answer.missing!, names: ['email', 'phone', 'country'] } })],
    ['invents one', (answer) => ({ ...answer, missing: { ...answer.missing!, names: ['phone', 'shoe_size'] } })],
    ['has the list signed once', (answer) => ({ ...answer, missing: { ...answer.missing!, signatures: [answer.missing!.signatures[0]!, answer.missing!.signatures[0]!] } })],
    ['lists what is missing of whoever nobody knows', (answer) => ({ ...answer, reason: 'no-match' })],
    ['lists it beside a consent that is missing', (answer) => ({ ...answer, reason: 'vendor-not-consented' })],
  ])('a leader that %s is not believed', async (_, lie) => {
    const context = await open(asked);
    decide(['email', 'phone']);
    g.nodes.behaviour.lie = lie;
    expect(await present(context)).toMatchObject({ status: 503, body: { code: 'mpc.aborted' } });
    expect(await read(context)).toEqual(context);
    g.nodes.behaviour.lie = undefined;
    expect((await present(context)).status).toBe(200);
  });

  test('no list is believed that one node signed, that was signed for another split, or that names what is not required', async () => {
    const context = await open(asked);
    decide(['phone'], [2]);
    expect(await present(context)).toMatchObject({ status: 503, body: { code: 'mpc.aborted' } });
    decide(['country']);
    expect(await present(context)).toMatchObject({ status: 503, body: { code: 'mpc.aborted' } });
    decide(['phone']);
    let earlier: MissingAttributes | undefined;
    g.nodes.behaviour.lie = (answer) => ((earlier ??= answer.missing), { ...answer, missing: earlier!, ...(earlier === answer.missing && { receipts: [] }) });
    for (let split = 0; split < 2; split++) expect(await present(context)).toMatchObject({ status: 503, body: { code: 'mpc.aborted' } });
    expect(await read(context)).toEqual(context);
  });
});

describe('nodes that fail', () => {
  test('too few: 503 at once, without asking one, and the context works when they are back', async () => {
    const context = await open();
    await g.nodes.down(1, 3, 5);
    await eventually(async () => (await g.liveNodes()) < 3);
    const asked = g.nodes.seen.length;
    expect(await present(context)).toMatchObject({ status: 503, body: { code: 'mpc.nodes-unavailable', retryAllowed: true } });
    const refused = await g.call('POST', '/v1/authentications', { key: keys.shop, body: { type: 'access' } });
    expect(refused).toMatchObject({ status: 503, body: { code: 'mpc.nodes-unavailable' } });
    expect(refused.headers.get('retry-after')).toBe('2');
    expect(g.nodes.seen).toHaveLength(asked);
    expect((await g.call('GET', '/.well-known/jwks.json')).status).toBe(200);
    await g.nodes.up(1, 3, 5);
    await eventually(async () => (await g.liveNodes()) === 5);
    expect(await present(context)).toMatchObject({ status: 200, body: { status: 'succeeded' } });
  });

  test('an aborted run leaves the context pending for a new split', async () => {
    const context = await open();
    g.nodes.behaviour.decision = new BoopError('run.aborted', 'a peer lied', { kind: 'peer' });
    expect(await present(context)).toMatchObject({ status: 503, body: { code: 'mpc.aborted', retryAllowed: true } });
    expect(await read(context)).toEqual(context);
    g.nodes.behaviour.decision = { accepted: true, reason: 'ok', verified: true };
    expect(await present(context)).toMatchObject({ status: 200 });
  });

  test.each<[string, NonNullable<typeof g.nodes.behaviour.lie>]>([
    ['claims a match that no node signed', (answer) => ({ ...answer, receipts: [] })],
    ['has one signature only', (answer) => ({ ...answer, receipts: [answer.receipts[0]!, answer.receipts[0]!] })],
    ['hands out an altered token', (answer) => ({ ...answer, idToken: answer.idToken!.replace(/.$/, (c) => (c === 'A' ? 'g' : 'A')) })],
    ['turns acceptance into rejection', ({ idToken: _, ...answer }) => ({ ...answer, accepted: false, reason: 'no-match' })],
    ['changes whether the match was verified', (answer) => ({ ...answer, verified: false })],
  ])('a leader that %s is not believed', async (_, lie) => {
    const context = await open();
    g.nodes.behaviour.lie = lie;
    expect(await present(context)).toMatchObject({ status: 503, body: { code: 'mpc.aborted' } });
    expect(await read(context)).toEqual(context);
  });

  test('one probe at a time', async () => {
    const context = await open();
    g.nodes.behaviour.delayMs = 300;
    // The nodes take one at a time here, and whoever has waited a while for a place is told to come again.
    const insist = async (): ReturnType<typeof present> => {
      const answer = await present(context);
      return answer.body.code === 'service.overloaded' ? await insist() : answer;
    };
    const answers = await Promise.all([insist(), insist()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  });
});

describe('access', () => {
  test.each<[string, string, 'GET' | 'POST', string, number]>([
    ['nobody', '', 'POST', '/v1/authentications', 401],
    ['an unknown key', 'sk_test_unknown', 'POST', '/v1/authentications', 401],
    ['a terminal', keys.till, 'POST', '/v1/authentications', 403],
    ['an admin', keys.admin, 'POST', '/v1/authentications', 403],
    ['a vendor', keys.shop, 'POST', '/v1/authentications/order-1/probe', 403],
    ['another vendor', keys.other, 'GET', '/v1/authentications/order-1', 404],
    ['another vendor’s terminal', keys.otherTill, 'GET', '/v1/authentications/order-1', 404],
  ])('%s is refused', async (_, key, method, path, status) => {
    const answer = await g.call(method, path, { ...(key ? { key } : {}), ...(method === 'POST' ? { body: { type: 'access' } } : {}) });
    expect(answer.status).toBe(status);
    expect(JSON.stringify(answer.body)).not.toContain('sk_test');
  });

  test('a vendor over its rate gets 429 with Retry-After', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 3; i++) statuses.push((await g.call('POST', '/v1/authentications', { key: keys.other, body: { type: 'access' } })).status);
    expect(statuses).toEqual([201, 201, 429]);
    expect(Number((await g.call('POST', '/v1/authentications', { key: keys.other, body: { type: 'access' } })).headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('request ids are echoed, odd ones replaced, and the security headers are there', async () => {
    const answer = await g.call('GET', '/v1/nothing', { headers: { 'x-request-id': 'abc-1' } });
    expect(answer.headers.get('x-request-id')).toBe('abc-1');
    expect(answer.body).toMatchObject({ requestId: 'abc-1' });
    expect((await g.call('GET', '/healthz', { headers: { 'x-request-id': '<script>' } })).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });
});

describe('repeating a request', () => {
  const create = (headers: Record<string, string>, body: object) => g.call('POST', '/v1/authentications', { key: keys.shop, headers, body });
  test('with an Idempotency-Key gives the first answer', async () => {
    const headers = { 'idempotency-key': 'k-1' };
    const first = await create(headers, { type: 'access' });
    expect(await create(headers, { type: 'access' })).toMatchObject({ status: 201, body: first.body });
    expect(await create(headers, { type: 'entrance' })).toMatchObject({ status: 422, body: { code: 'idempotency.other-body' } });
  });
  test('with the same context id gives the context that is there', async () => {
    const body = { type: 'access', contextId: 'order-2' };
    const first = await create({}, body);
    expect(await create({}, body)).toMatchObject({ status: 200, body: first.body });
    expect(await create({}, { ...body, type: 'entrance' })).toMatchObject({ status: 422, body: { code: 'idempotency.other-body' } });
  });
  test('at the same time opens one context', async () => {
    const body = { type: 'access', contextId: 'order-3' };
    const answers = await Promise.all(Array.from({ length: 5 }, () => create({}, body)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 201]);
  });
});

describe('the log outbox', () => {
  test('survives lost answers of the ledger', async () => {
    g.ledger.losesAnswers = 2;
    const context = await open();
    await present(context);
    const { logEntry } = (await read(context)).result!;
    await eventually(async () => (await g.sql('SELECT 1 FROM log_outbox WHERE entry_hash = $1 AND acknowledged_at IS NOT NULL', [logEntry])).length === 1);
    expect(g.ledger.entries.filter((hash) => hash === logEntry)).toHaveLength(1);
  });
  test('an entry that is on its way, or under no checkpoint yet, is pending; an unknown one is not found', async () => {
    const proof = (hash: string) => g.call('GET', `/v1/ledger/proofs/${hash}`);
    g.ledger.refuses = true;
    const context = await open();
    await present(context);
    const { logEntry } = (await read(context)).result!;
    expect(await proof(logEntry)).toMatchObject({ status: 202, body: { code: 'log.pending' } });
    Object.assign(g.ledger, { refuses: false, checkpointsWait: true });
    await eventually(() => g.ledger.entries.includes(logEntry));
    expect((await proof(logEntry)).status).toBe(202);
    g.ledger.checkpointsWait = false;
    expect((await proof(logEntry)).status).toBe(200);
    expect(await proof(toBase64Url(new Uint8Array(32)))).toMatchObject({ status: 404, body: { code: 'request.not-found' } });
  });
});

describe('documents', () => {
  test('OpenAPI names exactly the routes that are served', async () => {
    const { body } = await g.call('GET', '/openapi.json');
    expect(body.openapi).toBe('3.1.0');
    expect(body.components.schemas.CreateAuthentication.properties.type.enum).toContain('payment');
    const operations = Object.entries<Record<string, { 'x-roles'?: string[] }>>(body.paths).flatMap(([path, item]) => Object.entries(item).map(([method, operation]) => ({ method, path, roles: operation['x-roles'] ?? [] })));
    expect(operations.length).toBeGreaterThan(25);
    for (const { method, path, roles } of operations) {
      const answer = await g.call(method.toUpperCase(), path.replaceAll(/\{\w+\}/g, 'x'), method === 'get' ? {} : { body: {} });
      expect([path, answer.status === 401]).toEqual([path, roles.length > 0]);
      expect([path, answer.body?.detail]).not.toEqual([path, 'there is no such resource']);
    }
  });
  test('the network tells what a splitter must know', async () => {
    const { body } = await g.call('GET', '/v1/network');
    expect(body).toMatchObject({ networkId: 'test-net', nodes: 5, threshold: 1, encoder: 'palm-compcode-1', log: { verifierKey: expect.stringMatching(/^boop\.example\/log\+[0-9a-f]{8}\+/) } });
    expect(JSON.stringify(body)).not.toContain('linkPort');
  });
  test('the network tells its public keys, and who served in each epoch', async () => {
    const { groupKeys, members, epoch, networkId, jwksUrl } = (await g.call('GET', '/v1/network')).body;
    expect((await g.call('GET', '/v1/network/keys')).body).toEqual({ networkId, epoch, groupKeys, members, jwksUrl });
    const { body } = await g.call('GET', '/v1/network/epochs');
    const [{ identityKey }] = members as [{ identityKey: string }];
    expect(body).toEqual({ networkId, epoch, epochs: [{ epoch, threshold: 1, members: expect.any(Array), manifestDigest: expect.stringMatching(/^[\w-]{43}$/) }] });
    expect((body.epochs as { members: object[] }[])[0]!.members[0]).toEqual({ party: 1, name: expect.any(String), jurisdiction: expect.any(String), identityKey });
  });
  test('the network tells which software the custodians admit in each epoch, by the manifest that they signed', async () => {
    const { networkId, epoch, epochs } = (await g.call('GET', '/v1/network/epochs')).body as NetworkEpochs;
    const { status, body } = await g.call('GET', '/v1/network/attestations');
    expect([status, body]).toEqual([200, { networkId, epoch, attestations: [{ epoch, manifestDigest: epochs[0]!.manifestDigest, software }] }]);
  });
  test('no log line holds a key, a capture or a share', () => {
    const text = g.logged.join('\n');
    expect(text.length).toBeGreaterThan(100);
    expect(text).not.toMatch(/sk_test|tk_test|ciphertext|capture"|idToken/);
  });
});
