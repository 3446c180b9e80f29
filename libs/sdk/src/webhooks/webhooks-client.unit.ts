import { describe, expect, test } from '@jest/globals';
import { createWebhooksClient } from './webhooks-client.ts';

const endpoint = (id: string) => ({ id, url: 'https://shop.example/hooks', eventTypes: [], description: '', status: 'enabled', createdAt: '2026-11-01T00:00:00Z' });
const delivery = { id: '7', eventId: 'evt_1', type: 'payment.posted', status: 'failed', attempts: 12, failure: 'timeout', createdAt: '2026-11-01T00:00:00Z' };

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly key: string | null;
}

/** A client of a server that answers one after the other; `lost` breaks the connection. */
function clientOf(answers: readonly (object | 'lost')[]): { asked: Asked[]; client: ReturnType<typeof createWebhooksClient> } {
  const asked: Asked[] = [];
  const fetch = (async (url: string, init: RequestInit) => {
    const answer = answers[asked.length];
    asked.push({ method: init.method!, path: url.replace('http://gateway', ''), body: init.body === undefined ? undefined : JSON.parse(init.body as string), key: new Headers(init.headers).get('idempotency-key') });
    if (answer === 'lost') throw new TypeError('fetch failed');
    return Response.json(answer, { status: 'status' in answer! && 'code' in answer ? (answer.status as number) : 200 });
  }) as typeof globalThis.fetch;
  return { asked, client: createWebhooksClient({ gatewayUrl: 'http://gateway', apiKey: 'sk', ports: { fetch } }) };
}

describe('the webhooks client', () => {
  test('reads all pages of endpoints', async () => {
    const { client, asked } = clientOf([{ endpoints: [endpoint('a')], next: 'c1' }, { endpoints: [endpoint('b')] }]);
    expect((await client.endpoints()).map(({ id }) => id)).toEqual(['a', 'b']);
    expect(asked.map(({ path }) => path)).toEqual(['/v1/webhooks/endpoints', '/v1/webhooks/endpoints?cursor=c1']);
  });

  test('reads deliveries of a status, page by page', async () => {
    const { client, asked } = clientOf([{ deliveries: [delivery], next: 'c2' }]);
    expect(await client.deliveries('a', { status: 'failed', cursor: 'c1' })).toEqual({ deliveries: [delivery], next: 'c2' });
    expect(asked[0]!.path).toBe('/v1/webhooks/endpoints/a/deliveries?status=failed&cursor=c1');
  });

  test('replays one event, or all since a time, and asks again under the same key when the answer is lost', async () => {
    const { client, asked } = clientOf(['lost', { scheduled: 1 }, { scheduled: 3 }]);
    expect(await client.replay('a', { eventId: 'evt_1' })).toBe(1);
    expect(await client.replay('a', { since: new Date('2026-11-01T00:00:00Z') })).toBe(3);
    expect(asked.map(({ method, path, body }) => ({ method, path, body }))).toEqual([
      { method: 'POST', path: '/v1/webhooks/endpoints/a/replays', body: { eventId: 'evt_1' } },
      { method: 'POST', path: '/v1/webhooks/endpoints/a/replays', body: { eventId: 'evt_1' } },
      { method: 'POST', path: '/v1/webhooks/endpoints/a/replays', body: { since: '2026-11-01T00:00:00.000Z' } },
    ]);
    const [first, again, other] = asked.map(({ key }) => key);
    expect([first === again, first === other, first]).toEqual([true, false, expect.stringMatching(/^[\w-]{22}$/)]);
  });

  test('makes endpoints and rotates their secrets', async () => {
    const { client, asked } = clientOf(['lost', { ...endpoint('a'), secret: 'whsec_1' }, { ...endpoint('a'), secret: 'whsec_2' }, { ...endpoint('a'), secret: 'whsec_3' }]);
    expect((await client.create({ url: 'https://shop.example/hooks', eventTypes: ['payment.posted'] })).secret).toBe('whsec_1');
    expect((await client.rotate('a')).secret).toBe('whsec_2');
    expect((await client.rotate('a', { overlapSeconds: 0 })).secret).toBe('whsec_3');
    expect(asked.slice(1).map(({ path, body }) => ({ path, body }))).toEqual([
      { path: '/v1/webhooks/endpoints', body: { url: 'https://shop.example/hooks', eventTypes: ['payment.posted'] } },
      { path: '/v1/webhooks/endpoints/a/rotations', body: {} },
      { path: '/v1/webhooks/endpoints/a/rotations', body: { overlapSeconds: 0 } },
    ]);
    expect(new Set(asked.map(({ key }) => key)).size).toBe(3);
    expect(asked[0]!.key).toBe(asked[1]!.key);
  });

  test('tells the server’s refusal', async () => {
    const { client } = clientOf([{ type: 'about:blank', title: 'x', status: 409, code: 'request.conflict', retryAllowed: false }]);
    await expect(client.replay('a', { eventId: 'evt_1' })).rejects.toMatchObject({ code: 'request.conflict' });
  });
});
