import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { systemPorts } from '../ports.ts';
import { createRestClient } from './rest-client.ts';

const schema = z.strictObject({ ok: z.literal(true) });
const problem = (code: string, status: number) => ({ type: 'about:blank', title: 'Title', status, code, requestId: 'r1', retryAllowed: true });
const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response => new Response(JSON.stringify(body), { status, headers });

/** Answers in order; an Error is a broken connection. */
function clientOf(...answers: (Response | Error)[]) {
  const requests: { url: string; init: RequestInit }[] = [];
  const fetch = (url: unknown, init: RequestInit = {}): Promise<Response> => {
    requests.push({ url: String(url), init });
    const answer = answers[requests.length - 1]!;
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  return { rest: createRestClient('https://gateway.test/', 'sk_test_1', systemPorts({ fetch: fetch as typeof globalThis.fetch })), requests };
}

describe('the REST client', () => {
  test('sends credential and JSON, follows no redirect, checks the answer', async () => {
    const { rest, requests } = clientOf(json({ ok: true }));
    expect(await rest.request('POST', '/v1/things', { schema, body: { a: 1 } })).toEqual({ ok: true });
    expect(requests[0]).toMatchObject({
      url: 'https://gateway.test/v1/things',
      init: { method: 'POST', body: '{"a":1}', redirect: 'error', headers: { 'authorization': 'Bearer sk_test_1', 'content-type': 'application/json' } },
    });
  });

  test('turns a problem document into an error with its code', async () => {
    const { rest } = clientOf(json(problem('request.rate-limited', 429), 429, { 'retry-after': '7' }));
    await expect(rest.request('GET', '/v1/x', { schema })).rejects.toMatchObject({ code: 'request.rate-limited', status: 429, requestId: 'r1', retryAfterMs: 7000, retryAllowed: true, kind: 'unavailable' });
  });

  test('an accepted but pending answer is an error too', async () => {
    const { rest } = clientOf(json(problem('log.pending', 202), 202));
    await expect(rest.request('GET', '/v1/x', { schema })).rejects.toMatchObject({ code: 'log.pending' });
  });

  test.each([
    ['another shape', json({ ok: true, more: 1 }), 'peer'],
    ['no JSON', new Response('<html>', { status: 200 }), 'peer'],
    ['an error without a problem document', new Response('bad gateway', { status: 502 }), 'unavailable'],
    ['an unknown code', json({ ...problem('request.conflict', 409), code: 'made.up' }, 409), 'peer'],
  ])('refuses %s', async (_, answer, kind) => {
    await expect(clientOf(answer).rest.request('GET', '/v1/x', { schema })).rejects.toMatchObject({ code: 'response.malformed', kind });
  });

  test('repeats over a broken connection what may be repeated, and only that', async () => {
    const broken = (): Error => new TypeError('fetch failed');
    const get = clientOf(broken(), json({ ok: true }));
    expect(await get.rest.request('GET', '/v1/x', { schema })).toEqual({ ok: true });
    const post = clientOf(broken(), json({ ok: true }));
    await expect(post.rest.request('POST', '/v1/x', { schema, body: {} })).rejects.toMatchObject({ code: 'connection.lost', kind: 'unavailable' });
    expect(post.requests).toHaveLength(1);
    const idempotent = clientOf(broken(), broken(), json({ ok: true }));
    expect(await idempotent.rest.request('POST', '/v1/x', { schema, body: {}, idempotent: true })).toEqual({ ok: true });
    const dead = clientOf(broken(), broken(), broken());
    await expect(dead.rest.request('GET', '/v1/x', { schema })).rejects.toMatchObject({ code: 'connection.lost' });
  });

  test('a cancelled request rejects with the caller\'s reason', async () => {
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    const { rest } = clientOf(new DOMException('aborted', 'AbortError') as unknown as Error);
    await expect(rest.request('GET', '/v1/x', { schema, signal: controller.signal })).rejects.toThrow('enough');
  });
});
