import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type Authentication } from '@boop/protocol';
import { fakeSub } from '../testing/fake-network.ts';
import { sealedProbe } from '../testing/probes.ts';
import { device, keys, TestGateway } from '../testing/test-gateway.ts';
import { checkAttempts, nistAttemptLimits } from './attempt-limits.ts';

// A whole gateway on a busy machine.
jest.setTimeout(120_000);

let g: TestGateway;
beforeAll(async () => {
  g = await TestGateway.start({ config: { attemptLimits: { free: 2, max: 4 } } });
});
afterAll(() => g.stop());

async function present(isKnown: boolean, claim: { subject?: string } = {}) {
  g.nodes.behaviour.decision = isKnown ? { accepted: true, reason: 'ok', verified: true } : { accepted: false, reason: 'no-match', verified: false };
  const { body } = await g.call('POST', '/v1/authentications', { key: keys.shop, body: { type: 'entrance', terminalId: 'till', ...claim } });
  const context = body as Authentication;
  return { context, answer: await g.call('POST', `/v1/authentications/${context.id}/probe`, { key: keys.till, body: { split: await sealedProbe(g.nodes.manifest, context.sessionId, device) } }) };
}
const age = () => g.sql("UPDATE failed_attempts SET last_failure_at = now() - interval '31 s'");
/** As if the last failure were of this moment, however long it took to get here. */
const refresh = (table: 'failed_attempts' | 'failed_subject_attempts') => g.sql(`UPDATE ${table} SET last_failure_at = now()`);

test('failures are delayed, then end, until the vendor resets its terminal; a success forgets them', async () => {
  await present(false);
  expect((await present(true)).answer.body.status).toBe('succeeded');
  for (let i = 0; i < 2; i++) expect((await present(false)).answer).toMatchObject({ status: 200, body: { outcome: { reason: 'no-match', retryAllowed: true } } });
  const seen = g.nodes.seen.length;
  await refresh('failed_attempts');
  const delayed = await present(true);
  expect(delayed.answer).toMatchObject({ status: 429, body: { code: 'attempts.delayed', retryAllowed: true } });
  expect(delayed.answer.headers.get('retry-after')).toMatch(/^(?:[1-9]|[12]\d|30)$/);
  expect(g.nodes.seen).toHaveLength(seen);
  expect((await g.call('GET', `/v1/authentications/${delayed.context.id}`, { key: keys.shop })).body.status).toBe('pending');
  for (let i = 0; i < 2; i++) {
    await age();
    await present(false);
  }
  await age();
  expect((await present(true)).answer).toMatchObject({ status: 403, body: { code: 'attempts.exhausted', retryAllowed: false } });
  expect((await g.call('DELETE', '/v1/terminals/till/attempts', { key: keys.other })).status).toBe(404);
  expect((await g.call('DELETE', '/v1/terminals/till/attempts', { key: keys.shop })).status).toBe(204);
  expect((await present(true)).answer.body.status).toBe('succeeded');
});

test('a claimed person: nobody else is accepted, and failures count for that person at that vendor', async () => {
  const claim = (subject: string) => present(true, { subject });
  const clearTerminal = async (): Promise<void> => expect((await g.call('DELETE', '/v1/terminals/till/attempts', { key: keys.shop })).status).toBe(204);
  expect((await claim(fakeSub)).answer.body).toMatchObject({ status: 'succeeded', result: { reason: 'ok' } });
  for (let i = 0; i < 2; i++) expect((await claim('somebody-else')).answer).toMatchObject({ status: 200, body: { status: 'failed', outcome: { reason: 'no-match', retryAllowed: true } } });
  await clearTerminal();
  // The terminal serves others, and the person who was claimed waits at every terminal.
  await refresh('failed_subject_attempts');
  expect((await claim('somebody-else')).answer).toMatchObject({ status: 429, body: { code: 'attempts.delayed' } });
  expect((await claim(fakeSub)).answer.body.status).toBe('succeeded');
  for (let i = 0; i < 2; i++) {
    await g.sql("UPDATE failed_subject_attempts SET last_failure_at = now() - interval '31 s'");
    await claim('somebody-else');
    await clearTerminal();
  }
  expect((await claim('somebody-else')).answer).toMatchObject({ status: 403, body: { code: 'attempts.exhausted' } });
  expect(JSON.stringify(await g.sql('SELECT * FROM failed_subject_attempts'))).not.toContain('somebody-else');
});

test('whoever is recognised without a claim may be claimed again', async () => {
  await g.sql('DELETE FROM failed_subject_attempts');
  for (let i = 0; i < 2; i++) await present(false, { subject: fakeSub });
  await g.call('DELETE', '/v1/terminals/till/attempts', { key: keys.shop });
  await refresh('failed_subject_attempts');
  expect((await present(true, { subject: fakeSub })).answer.status).toBe(429);
  expect((await present(true)).answer.body.status).toBe('succeeded');
  expect((await present(true, { subject: fakeSub })).answer.body.status).toBe('succeeded');
});

test('a token of somebody else than claimed is not believed, nor is a claim of no form taken', async () => {
  g.nodes.behaviour.heedless = true;
  expect((await present(true, { subject: 'somebody-else' })).answer.body).toMatchObject({ code: 'mpc.aborted' });
  g.nodes.behaviour.heedless = undefined;
  for (const subject of ['', 'two words', 'x'.repeat(256), 7]) expect((await g.call('POST', '/v1/authentications', { key: keys.shop, body: { type: 'entrance', subject } })).body.code).toBe('request.malformed');
});

test('a vendor that is suspended meanwhile gets no decision, and can’t open contexts', async () => {
  const { body } = await g.call('POST', '/v1/authentications', { key: keys.shop, body: { type: 'membership', terminalId: 'till' } });
  await g.sql("UPDATE vendors SET suspended_at = now() WHERE id = 'shop'");
  const seen = g.nodes.seen.length;
  const split = await sealedProbe(g.nodes.manifest, body.sessionId as string, device);
  expect((await g.call('POST', `/v1/authentications/${body.id}/probe`, { key: keys.till, body: { split } })).body).toMatchObject({ status: 'failed', outcome: { reason: 'vendor-suspended', retryAllowed: false } });
  expect(g.nodes.seen).toHaveLength(seen);
  expect((await g.call('POST', '/v1/authentications', { key: keys.shop, body: { type: 'access' } })).body.code).toBe('vendor.suspended');
  await g.sql("UPDATE vendors SET suspended_at = NULL WHERE id = 'shop'");
});

test('the limits are those of NIST', () => {
  const check = (failures: number, sinceMs: number) => () => checkAttempts({ failures, lastFailureMs: 0 }, nistAttemptLimits, sinceMs);
  expect(check(4, 0)).not.toThrow();
  expect(check(5, 29_999)).toThrow(expect.objectContaining({ code: 'attempts.delayed' }));
  expect(check(5, 30_000)).not.toThrow();
  expect(check(49, 30_000)).not.toThrow();
  expect(check(50, 1e9)).toThrow(expect.objectContaining({ code: 'attempts.exhausted' }));
});
