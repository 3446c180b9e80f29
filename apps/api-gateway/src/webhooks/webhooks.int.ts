import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { hasRedis, RedisServer } from '@boop/testing';
import { Webhook } from 'standardwebhooks';
import { eventually, keys, TestGateway } from '../testing/test-gateway.ts';
import { WebhookReceiver } from '../testing/webhook-receiver.ts';

const hasRedisServer = hasRedis('webhooks by way of Redis');
// A whole gateway on a busy machine.
jest.setTimeout(120_000);

const backends: [string, boolean][] = [['PostgreSQL alone', false], ...(hasRedisServer ? ([['Redis', true]] as [string, boolean][]) : [])];

describe.each(backends)('webhooks with %s', (_, withRedis) => {
  let g: TestGateway;
  let redis: RedisServer | undefined;
  const receivers: WebhookReceiver[] = [];
  beforeAll(async () => {
    redis = withRedis ? await RedisServer.start('append-only') : undefined;
    g = await TestGateway.start({ config: { webhookRetryMs: [40, 40, 40, 40, 40, 40] }, ...(redis ? { redisUrl: redis.url } : {}) });
  });
  afterAll(async () => {
    await g?.stop();
    await redis?.stop();
    await Promise.all(receivers.map((receiver) => receiver.stop()));
  });

  const hooks = '/v1/webhooks/endpoints';
  const call = (method: string, path: string, body?: unknown, key: string = keys.shop, headers: Record<string, string> = {}) => g.call(method, `${hooks}${path}`, { key, headers, ...(body === undefined ? {} : { body }) });
  async function endpoint(wish: object = {}, key: string = keys.shop): Promise<{ receiver: WebhookReceiver; id: string; secret: string }> {
    const receiver = await WebhookReceiver.start();
    receivers.push(receiver);
    const { status, body } = await call('POST', '', { url: receiver.url, ...wish }, key);
    expect(status).toBe(201);
    return { receiver, id: body.id as string, secret: body.secret as string };
  }
  const cancelled = async (): Promise<string> => {
    const { body } = await g.call('POST', '/v1/authentications', { key: keys.shop, body: { type: 'access' } });
    await g.call('POST', `/v1/authentications/${body.id}/cancel`, { key: keys.shop });
    return body.id as string;
  };
  const deliveries = async (id: string) => (await call('GET', `/${id}/deliveries`)).body.deliveries as { eventId: string; status: string; attempts: number; failure?: string; answer?: number }[];

  test('a change arrives signed, once, at the endpoints that want it, and only at its vendor’s', async () => {
    const [all, some, other] = [await endpoint(), await endpoint({ eventTypes: ['payment.posted'] }), await endpoint({}, keys.other)];
    const context = await cancelled();
    await eventually(() => all.receiver.received.length === 1);
    const [event] = all.receiver.verified(all.secret);
    expect(event).toMatchObject({ type: 'authentication.cancelled', data: { authentication: { id: context, status: 'cancelled' } } });
    expect(all.receiver.received[0]!.headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': expect.stringMatching(/^evt_/) });
    await eventually(async () => (await deliveries(all.id))[0]?.status === 'delivered');
    expect(some.receiver.received).toHaveLength(0);
    expect(other.receiver.received).toHaveLength(0);
    expect(() => all.receiver.verified(other.secret)).toThrow();
    const { headers, body } = all.receiver.received[0]!;
    expect(() => new Webhook(all.secret).verify(body.replace('cancelled', 'succeeded'), headers as Record<string, string>)).toThrow();
    for (const one of [all, some]) await call('DELETE', `/${one.id}`);
  });

  test('what fails is sent again under the same id until it arrives', async () => {
    const { receiver, id, secret } = await endpoint();
    receiver.answer = () => (receiver.received.length < 4 ? 503 : 200);
    await cancelled();
    await eventually(async () => (await deliveries(id))[0]?.status === 'delivered');
    expect(new Set(receiver.ids()).size).toBe(1);
    expect(receiver.verified(secret)).toHaveLength(4);
    expect(await deliveries(id)).toMatchObject([{ attempts: 4, answer: 200 }]);
    expect((await call('GET', `/${id}`)).body.failingSince).toBeUndefined();
    await call('DELETE', `/${id}`);
  });

  test('attempts end, and what ended can be replayed, one event or all since a time', async () => {
    const { receiver, id } = await endpoint();
    receiver.answer = () => 500;
    const since = new Date().toISOString();
    await cancelled();
    await cancelled();
    await eventually(async () => (await deliveries(id)).every(({ status }) => status === 'failed') && (await deliveries(id)).length === 2);
    expect(await deliveries(id)).toMatchObject([{ attempts: 7, failure: 'status', answer: 500 }, { attempts: 7 }]);
    expect((await call('GET', `/${id}`)).body).toMatchObject({ status: 'enabled', failingSince: expect.any(String) });
    receiver.answer = () => 200;
    const before = receiver.received.length;
    const events = (await deliveries(id)).map(({ eventId }) => eventId);
    expect((await call('POST', `/${id}/replays`, { eventId: events[0] })).body).toEqual({ scheduled: 1 });
    await eventually(() => receiver.received.length === before + 1);
    expect(receiver.ids().at(-1)).toBe(events[0]);
    expect((await call('POST', `/${id}/replays`, { since })).body).toEqual({ scheduled: 2 });
    await eventually(() => receiver.received.length === before + 3);
    expect(new Set(receiver.ids().slice(-2))).toEqual(new Set(events));
    expect((await call('POST', `/${id}/replays`, { eventId: 'evt_unknown' })).status).toBe(404);
    await call('DELETE', `/${id}`);
  });

  test('after a rotation both secrets verify until the overlap is over', async () => {
    const { receiver, id, secret } = await endpoint();
    const { body } = await call('POST', `/${id}/rotations`, { overlapSeconds: 3_600 });
    expect(body).toMatchObject({ previousSecretUntil: expect.any(String), secret: expect.stringMatching(/^whsec_/) });
    expect(body.secret).not.toBe(secret);
    await call('POST', `/${id}/ping`);
    await eventually(() => receiver.received.length === 1);
    for (const valid of [secret, body.secret as string]) expect(receiver.verified(valid)).toMatchObject([{ type: 'ping' }]);
    await call('POST', `/${id}/rotations`, { overlapSeconds: 0 });
    await call('POST', `/${id}/ping`);
    await eventually(() => receiver.received.length === 2);
    for (const old of [secret, body.secret as string]) expect(() => receiver.verified(old, 1)).toThrow();
    await call('DELETE', `/${id}`);
  });

  test('an endpoint is disabled by its 410, by its vendor, and after days of failure; others go on', async () => {
    const [gone, off, failing, well] = [await endpoint(), await endpoint(), await endpoint(), await endpoint()];
    gone.receiver.answer = () => 410;
    failing.receiver.answer = () => 500;
    await call('PATCH', `/${off.id}`, { status: 'disabled' });
    await g.sql('UPDATE webhook_endpoints SET failing_since = now() - interval \'6 days\' WHERE id = $1', [failing.id]);
    await cancelled();
    await eventually(async () => (await call('GET', `/${gone.id}`)).body.status === 'disabled' && (await call('GET', `/${failing.id}`)).body.status === 'disabled');
    expect((await call('GET', `/${gone.id}`)).body.disabledReason).toBe('gone');
    expect((await call('GET', `/${failing.id}`)).body.disabledReason).toBe('persistent-failure');
    expect((await call('GET', `/${off.id}`)).body.disabledReason).toBe('by-vendor');
    await eventually(() => well.receiver.received.length === 1);
    expect(failing.receiver.received).toHaveLength(1);
    expect(off.receiver.received).toHaveLength(0);
    expect((await call('POST', `/${off.id}/replays`, { since: '2026-01-01T00:00:00Z' })).status).toBe(409);
    expect((await call('PATCH', `/${failing.id}`, { status: 'enabled' })).body).toMatchObject({ status: 'enabled' });
    failing.receiver.answer = () => 200;
    await call('POST', `/${failing.id}/replays`, { since: new Date(Date.now() - 3_600_000).toISOString() });
    await eventually(() => failing.receiver.received.length >= 2);
    for (const { id } of [gone, off, failing, well]) await call('DELETE', `/${id}`);
  });

  test('a receiver that never answers holds up nobody else; redirects are not followed', async () => {
    const [silent, redirecting, well] = [await endpoint(), await endpoint(), await endpoint()];
    silent.receiver.answer = () => undefined;
    redirecting.receiver.answer = () => 302;
    redirecting.receiver.headers = { location: well.receiver.url };
    await Promise.all(Array.from({ length: 20 }, cancelled));
    await eventually(() => new Set(well.receiver.ids()).size === 20);
    await eventually(async () => (await deliveries(redirecting.id)).some(({ failure }) => failure === 'redirect'));
    expect(well.receiver.received).toHaveLength(20);
    expect(silent.receiver.mostAtOnce).toBeGreaterThan(0);
    expect(silent.receiver.mostAtOnce).toBeLessThanOrEqual(8);
    for (const { id } of [silent, redirecting, well]) await call('DELETE', `/${id}`);
    silent.receiver.answer = () => 200;
    await silent.receiver.stop();
  });

  test('another vendor’s endpoint is not found, and what does not fit is refused', async () => {
    const { id } = await endpoint();
    for (const [method, path, body] of [['GET', '', undefined], ['PATCH', '', { status: 'disabled' }], ['DELETE', '', undefined], ['POST', '/rotations', {}], ['GET', '/deliveries', undefined], ['POST', '/replays', { since: '2026-01-01T00:00:00Z' }], ['POST', '/ping', undefined]] as const)
      expect((await call(method, `/${id}${path}`, body, keys.other)).status).toBe(404);
    for (const url of ['ftp://shop.example/', 'http://user:secret@shop.example/', 'not a url', 7]) {
      const refused = await call('POST', '', { url });
      expect(refused).toMatchObject({ status: 400, body: { code: 'request.malformed', errors: [{ pointer: '/url' }] } });
      expect(JSON.stringify(refused.body)).not.toContain('secret');
    }
    expect((await call('POST', '', { url: 'https://shop.example/', eventTypes: ['nothing'] })).status).toBe(400);
    expect((await call('GET', '?cursor=x')).status).toBe(400);
    await call('DELETE', `/${id}`);
  });

  test('an endpoint changes only from what was read, once of two who read the same', async () => {
    const { id } = await endpoint();
    const read = await call('GET', `/${id}`);
    const etag = read.headers.get('etag')!;
    expect((await call('GET', `/${id}`, undefined, keys.shop, { 'if-none-match': etag })).status).toBe(304);
    const change = (description: string) => call('PATCH', `/${id}`, { description }, keys.shop, { 'if-match': etag });
    const answers = await Promise.all(['one', 'two', 'three'].map(change));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
    expect(answers.find(({ status }) => status === 412)!.body).toMatchObject({ code: 'request.precondition-failed' });
    expect((await call('GET', `/${id}`)).body).toEqual(answers.find(({ status }) => status === 200)!.body);
    await call('DELETE', `/${id}`);
  });

  test('the same Idempotency-Key makes one endpoint, and pages lead through all', async () => {
    const create = () => call('POST', '', { url: 'https://shop.example/' }, keys.shop, { 'idempotency-key': 'hook-1' });
    const [first, again] = [await create(), await create()];
    expect(again.body).toEqual(first.body);
    const rotate = () => call('POST', `/${first.body.id}/rotations`, {}, keys.shop, { 'idempotency-key': 'rotation-1' });
    const [rotated, repeated] = [await rotate(), await rotate()];
    expect(repeated.body).toEqual(rotated.body);
    expect(rotated.body.secret).not.toBe(first.body.secret);
    expect(await g.sql("SELECT 1 FROM idempotency_keys WHERE key IN ('hook-1', 'rotation-1') AND status_code IS NOT NULL")).toHaveLength(2);
    expect(await g.sql("SELECT 1 FROM idempotency_keys WHERE response::text LIKE '%whsec_%'")).toEqual([]);
    for (let i = 0; i < 2; i++) await call('POST', '', { url: 'https://shop.example/' });
    const seen: string[] = [];
    for (let next: string | undefined = ''; next !== undefined; ) {
      const { body } = await call('GET', `?limit=2${next === '' ? '' : `&cursor=${next}`}`);
      seen.push(...(body.endpoints as { id: string }[]).map(({ id }) => id));
      next = body.next as string | undefined;
    }
    expect(new Set(seen).size).toBe(3);
    expect(seen).toHaveLength(3);
    for (const id of seen) await call('DELETE', `/${id}`);
  });

  if (withRedis)
    test('Redis killed and started again under load: every event arrives', async () => {
      const { receiver, id } = await endpoint();
      const contexts: Promise<string>[] = [];
      const some = async (count: number): Promise<void> => {
        for (let i = 0; i < count; i++) contexts.push(cancelled());
        await Promise.all(contexts);
      };
      await some(20);
      await redis!.kill();
      await some(20);
      await redis!.up();
      await some(20);
      await eventually(() => new Set(receiver.ids()).size === 60);
      const told = receiver.received.map(({ body }) => (JSON.parse(body) as { data: { authentication: { id: string } } }).data.authentication.id);
      expect(new Set(told)).toEqual(new Set(await Promise.all(contexts)));
      await call('DELETE', `/${id}`);
    });
});
