import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Authentication, sandboxTemplates } from '@boop/protocol';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { sealedProbe } from '../testing/probes.ts';
import { device, eventually, keys, TestGateway } from '../testing/test-gateway.ts';
import { WebhookReceiver } from '../testing/webhook-receiver.ts';

// A whole gateway on a busy machine.
jest.setTimeout(120_000);

const issuer = 'http://127.0.0.1:40401/sandbox';
let g: TestGateway;
let vendor: string;
let key: string;
let other: string;

beforeAll(async () => {
  g = await TestGateway.start();
  const signUp = async () => (await g.call('POST', '/v1/sandbox/keys', { body: { name: 'Trial' } })).body as { vendor: { id: string }; key: { key: string } };
  const first = await signUp();
  [vendor, key, other] = [first.vendor.id, first.key.key, (await signUp()).key.key];
});
afterAll(() => g.stop());

async function open(body: object = { type: 'access' }): Promise<Authentication> {
  const answer = await g.call('POST', '/v1/authentications', { key, body });
  expect(answer.status).toBe(201);
  return answer.body as Authentication;
}
const present = (id: string, body: object, by = key) => g.call('POST', `/v1/sandbox/authentications/${id}/presentations`, { key: by, body });
const jwks = async (path: string) => createLocalJWKSet((await g.call('GET', path)).body as JSONWebKeySet);
const subjectOf = async (user: string): Promise<unknown> => {
  const { body } = await present((await open()).id, { template: 'match', user });
  return (await jwtVerify(body.result.idToken as string, await jwks('/sandbox/.well-known/jwks.json'), { issuer, audience: vendor })).payload.sub;
};

describe('a template', () => {
  test('that matches gives a token that the sandbox’s keys verify, and no other', async () => {
    const context = await open({ type: 'membership', nonce: 'n-1' });
    const { body } = await present(context.id, { template: 'match' });
    expect(body).toMatchObject({ id: context.id, status: 'succeeded', outcome: { reason: 'ok' }, result: { verified: true } });
    const { payload } = await jwtVerify(body.result.idToken, await jwks('/sandbox/.well-known/jwks.json'), { issuer, audience: vendor });
    expect(payload).toMatchObject({ nonce: 'n-1', amr: ['urn:boop:amr:palm'], boop: { context: context.id, type: 'membership', verified: true } });
    await expect(jwtVerify(body.result.idToken, await jwks('/.well-known/jwks.json'))).rejects.toThrow();
    expect((await g.call('GET', '/sandbox/.well-known/openid-configuration')).body).toMatchObject({ issuer, jwks_uri: `${issuer}/.well-known/jwks.json` });
    expect((await g.call('GET', `/v1/authentications/${context.id}`, { key })).body.result.idToken).toBe(body.result.idToken);
  });

  test('shows the same person every time, and another person another subject', async () => {
    const [alice, again, bob] = [await subjectOf('alice'), await subjectOf('alice'), await subjectOf('bob')];
    expect(alice).toBe(again);
    expect(bob).not.toBe(alice);
    const claimed = async (user: string, template: string) => (await present((await open({ type: 'access', subject: alice, policy: { acceptUnverified: false } })).id, { template, user })).body.outcome.reason as string;
    expect([await claimed('alice', 'match'), await claimed('bob', 'match'), await claimed('alice', 'unverified'), await claimed('bob', 'unverified')]).toEqual(['ok', 'no-match', 'unverified', 'no-match']);
  });

  test.each([
    ['no-match', 'failed', 'no-match', true],
    ['low-quality', 'failed', 'quality', true],
    ['liveness-failure', 'failed', 'liveness', true],
    ['device-error', 'failed', 'device-error', true],
    ['timeout', 'expired', 'timeout', true],
    ['not-consented', 'failed', 'vendor-not-consented', false],
    ['missing-attributes', 'failed', 'user-missing-attributes', false],
    ['insufficient-balance', 'failed', 'insufficient-balance', true],
    ['unverified', 'failed', 'unverified', true],
  ])('%s ends a context as %s, with its reason', async (template, status, reason, retryAllowed) => {
    const context = await open({ type: 'access', policy: { acceptUnverified: false } });
    const { body } = await present(context.id, { template });
    expect(body).toMatchObject({ status, outcome: { reason, retryAllowed } });
    expect(body.result?.idToken).toBeUndefined();
    expect(await present(context.id, { template: 'match' })).toMatchObject({ status: expect.any(Number), body: { code: status === 'expired' ? 'context.expired' : 'context.decided' } });
    expect(await g.events(`vendor:${vendor}`)).toContainEqual(expect.objectContaining({ type: status === 'expired' ? 'context_expired' : 'authentication_failed', contextId: context.id }));
  });

  test('missing-attributes lists all that the context requires', async () => {
    const context = await open({ type: 'age', minimumAge: 18, requiredAttributes: ['email'], optionalAttributes: ['phone'] });
    expect((await present(context.id, { template: 'missing-attributes' })).body.outcome).toMatchObject({ reason: 'user-missing-attributes', missing: ['email', 'is_adult'] });
    expect((await present((await open()).id, { template: 'missing-attributes' })).body.outcome).not.toHaveProperty('missing');
    expect((await present((await open({ type: 'access', requiredAttributes: ['email'] })).id, { template: 'not-consented' })).body.outcome).not.toHaveProperty('missing');
  });

  test('node-down leaves the context for another palm', async () => {
    const context = await open();
    expect(await present(context.id, { template: 'node-down' })).toMatchObject({ status: 503, body: { code: 'mpc.nodes-unavailable', retryAllowed: true } });
    expect((await present(context.id, { template: 'match' })).body.status).toBe('succeeded');
  });

  test('an unverified match is taken where the policy takes it', async () => {
    expect((await present((await open()).id, { template: 'unverified' })).body).toMatchObject({ status: 'succeeded', result: { verified: false } });
  });
});

test('registrations are played, a duplicate too, and webhooks arrive', async () => {
  const receiver = await WebhookReceiver.start();
  const { body: endpoint } = await g.call('POST', '/v1/webhooks/endpoints', { key, body: { url: receiver.url } });
  const register = (template: string) => g.call('POST', '/v1/sandbox/registrations', { key, body: { template }, headers: { 'idempotency-key': `played-${template}` } });
  expect((await register('new')).body).toMatchObject({ status: 'succeeded' });
  expect((await register('duplicate')).body).toMatchObject({ status: 'failed', code: 'registration.duplicate', retryAllowed: false });
  expect((await register('node-down')).status).toBe(503);
  // Asked again, it is the first answer, and no further webhook.
  expect((await register('new')).body).toEqual((await register('new')).body);
  await present((await open()).id, { template: 'match' });
  await eventually(() => receiver.received.length === 3);
  const events = receiver.verified(endpoint.secret as string);
  expect(events.map(({ type }) => type).sort()).toEqual(['authentication.succeeded', 'registration.failed', 'registration.succeeded']);
  expect(JSON.stringify(events)).not.toContain('idToken');
  await receiver.stop();
});

describe('the sandbox and the network', () => {
  test('never meet: no node is asked, nothing is logged, also while all nodes are down', async () => {
    await g.nodes.down(1, 2, 3, 4, 5);
    await eventually(async () => (await g.liveNodes()) === 0);
    for (const template of sandboxTemplates) await present((await open()).id, { template });
    await g.nodes.up(1, 2, 3, 4, 5);
    expect(g.nodes.seen).toEqual([]);
    expect(g.ledger.entries).toEqual([]);
    expect(await g.sql('SELECT 1 FROM log_outbox')).toEqual([]);
    await eventually(async () => (await g.liveNodes()) === 5);
  });

  test('a vendor of one is a stranger to the other', async () => {
    const context = await open();
    expect((await present(context.id, { template: 'match' }, other)).status).toBe(404);
    expect((await present(context.id, { template: 'match' }, keys.shop)).status).toBe(403);
    expect((await g.call('GET', `/v1/authentications/${context.id}`, { key: keys.shop })).status).toBe(404);
    const live = (await g.call('POST', '/v1/authentications', { key: keys.shop, body: { type: 'access', terminalId: 'till' } })).body as Authentication;
    expect((await g.call('GET', `/v1/authentications/${live.id}`, { key })).status).toBe(404);
    expect((await present(live.id, { template: 'match' })).status).toBe(404);
    expect((await present(live.id, { template: 'match' }, keys.shop)).status).toBe(403);
    for (const [method, path] of [['GET', '/v1/ledger/accounts'], ['POST', '/v1/ledger/accounts'], ['PUT', '/v1/payers/a/accounts/EUR'], ['GET', '/v1/ledger/settlements'], ['GET', '/v1/terminals']] as const)
      expect([path, (await g.call(method, path, { key, ...(method === 'GET' ? {} : { body: {} }) })).status]).toEqual([path, 403]);
  });

  test('a capture never gets from a sandbox’s context to a node', async () => {
    const context = await open({ type: 'access' });
    await g.sql("INSERT INTO terminals (id, vendor_id, device_key) VALUES ('sandbox-till', $1, $2) ON CONFLICT DO NOTHING", [vendor, device.publicKey]);
    await g.sql("INSERT INTO api_keys (hash, role, principal_id) VALUES (sha256('tk_test_sandbox'), 'terminal', 'sandbox-till')");
    const before = g.nodes.seen.length;
    const split = await sealedProbe(g.nodes.manifest, context.sessionId, device);
    expect((await g.call('POST', `/v1/authentications/${context.id}/probe`, { key: 'tk_test_sandbox', body: { split } })).status).toBe(403);
    expect(g.nodes.seen).toHaveLength(before);
  });
});
