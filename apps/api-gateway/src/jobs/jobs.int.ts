import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { eventually, keys, TestGateway } from '../testing/test-gateway.ts';
import { retryAfterSeconds } from './job-runner.ts';

// A whole gateway on a busy machine.
jest.setTimeout(120_000);

let g: TestGateway;
beforeAll(async () => {
  g = await TestGateway.start();
});
afterAll(() => g.stop());

const get = (id: string, key: string = keys.shop) => g.call('GET', `/v1/jobs/${id}`, { key });
const ended = async (id: string): Promise<Record<string, unknown>> => {
  await eventually(async () => ['completed', 'failed'].includes((await get(id)).body.status as string));
  return (await get(id)).body as Record<string, unknown>;
};
const period = { from: '2020-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' };

test('an export goes from created to completed, and is its vendor’s alone', async () => {
  const context = (await g.call('POST', '/v1/authentications', { key: keys.shop, body: { type: 'age' } })).body as { id: string };
  await g.call('POST', `/v1/authentications/${context.id}/cancel`, { key: keys.shop });
  await g.call('POST', '/v1/authentications', { key: keys.other, body: { type: 'access' } });
  const answer = await g.call('POST', '/v1/authentications/exports', { key: keys.shop, body: period, headers: { 'idempotency-key': 'e-1' } });
  expect(answer).toMatchObject({ status: 202, body: { status: 'created', kind: 'authentications.export' } });
  expect(answer.headers.get('location')).toBe(`/v1/jobs/${answer.body.id}`);
  expect(answer.headers.get('retry-after')).toBe('1');
  expect((await g.call('POST', '/v1/authentications/exports', { key: keys.shop, body: period, headers: { 'idempotency-key': 'e-1' } })).body.id).toBe(answer.body.id);
  expect(await ended(answer.body.id as string)).toMatchObject({ status: 'completed', endedAt: expect.any(String), result: { authentications: [{ id: context.id, type: 'age', status: 'cancelled' }], isComplete: true } });
  expect((await get(answer.body.id as string)).headers.get('retry-after')).toBeNull();
  const etag = (await get(answer.body.id as string)).headers.get('etag')!;
  expect((await g.call('GET', `/v1/jobs/${answer.body.id}`, { key: keys.shop, headers: { 'if-none-match': etag } })).status).toBe(304);
  expect((await get(answer.body.id as string, keys.other)).status).toBe(404);
  expect((await g.call('POST', '/v1/authentications/exports', { key: keys.shop, body: { from: 'yesterday', to: 'now' } })).status).toBe(400);
});

test('a job of a process that died is done by another; one that can’t be done fails with a code', async () => {
  const insert = (id: string, kind: string, attempts: number) =>
    g.sql("INSERT INTO jobs (id, vendor_id, kind, input, status, attempts, created_at, next_attempt_at) VALUES ($1, 'shop', $2, $3, 'processing', $4, now(), now() - interval '1 s')", [id, kind, JSON.stringify(period), attempts]);
  await insert('job_left', 'authentications.export', 1);
  await insert('job_odd', 'nothing', 4);
  expect(await ended('job_left')).toMatchObject({ status: 'completed' });
  expect(await ended('job_odd')).toMatchObject({ status: 'failed', failure: 'service.internal' });
});

test('a job that waits advises when to look again', async () => {
  await g.sql("INSERT INTO jobs (id, vendor_id, kind, input, status, created_at, next_attempt_at) VALUES ('job_later', 'shop', 'x', '{}', 'created', now() - interval '4 s', now() + interval '1 h')");
  const answer = await get('job_later');
  expect(answer.body.status).toBe('created');
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(3);
});

test('jobs are listed page by page, the newest first, a vendor’s own and without results', async () => {
  await g.sql("INSERT INTO jobs (id, vendor_id, kind, input, status, created_at, next_attempt_at, result, ended_at) SELECT 'job_old_' || i, 'other', 'x', '{}', 'completed', now() - interval '1 s' * (i / 2), now(), '{\"much\": 1}', now() FROM generate_series(0, 6) AS i");
  const seen: Record<string, unknown>[] = [];
  for (let cursor = ''; ; ) {
    const { status, body } = await g.call('GET', `/v1/jobs?limit=2${cursor}`, { key: keys.other });
    expect(status).toBe(200);
    seen.push(...(body.jobs as Record<string, unknown>[]));
    if (body.next === undefined) break;
    cursor = `&cursor=${body.next as string}`;
  }
  expect(seen.map(({ id }) => id)).toEqual(['job_old_1', 'job_old_0', 'job_old_3', 'job_old_2', 'job_old_5', 'job_old_4', 'job_old_6']);
  expect(seen[0]).toEqual({ id: 'job_old_1', kind: 'x', status: 'completed', createdAt: expect.any(String), endedAt: expect.any(String) });
  expect((await g.call('GET', '/v1/jobs?cursor=x', { key: keys.other })).status).toBe(400);
});

test('advice grows by half from 1 s to 30 s for a client that follows it', () => {
  const waits: number[] = [];
  for (let elapsedS = 0; waits.length < 12; elapsedS += waits.at(-1)!) waits.push(retryAfterSeconds(elapsedS * 1_000));
  expect(waits.slice(0, 4)).toEqual([1, 2, 3, 4]);
  expect(waits.at(-1)).toBe(30);
  expect(waits.every((wait, i) => i === 0 || (wait >= waits[i - 1]! && wait <= waits[i - 1]! * 1.5 + 1))).toBe(true);
});
