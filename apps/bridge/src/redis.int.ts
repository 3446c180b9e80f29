import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { hasRedis, RedisServer } from '@boop/testing';
import { Redis } from 'ioredis';
import { NumberedClient } from './testing/numbered-stream.ts';
import { TestBridge } from './testing/test-bridge.ts';

/** Each test has a vendor of its own. */
let vendors = 0;
let stream = '';
let b: TestBridge;
let redis: RedisServer;
const clients: NumberedClient[] = [];

const gateway = (method: string, body: Record<string, unknown>): unknown => {
  const vendorId = String(body['key']).slice('sk_'.length);
  return method === 'credential.check' ? { role: 'vendor', id: vendorId } : {};
};
function client(url: () => string): NumberedClient {
  const created = new NumberedClient({ url, apiKey: `sk_vendor-${vendors}` });
  clients.push(created);
  return created;
}
const readFrom = (source: string): Promise<void> => until(() => b.logged.filter((line) => line.includes('channels are read from')).at(-1)?.includes(source) === true);
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

(hasRedis('channels by way of Redis') ? describe : describe.skip)('channels by way of Redis', () => {
  beforeAll(async () => {
    redis = await RedisServer.start('forgetful');
    b = await TestBridge.start({ connectionsPerIdentity: 100 }, { redisUrl: redis.url, history: { eventsMax: 50 } });
    b.script = gateway;
    await b.another();
  }, 120_000);
  afterAll(async () => {
    await b.stop();
    await redis.stop();
  });
  beforeEach(async () => {
    vendors += 1;
    stream = `vendor:vendor-${vendors}`;
    await b.appendNumbered(stream, 3);
  });
  afterEach(() => clients.splice(0).forEach((one) => one.stop()));

  test('both bridges give the same events, and Redis keeps no more than it may', async () => {
    await readFrom('redis');
    const [first, second] = b.bridges.map((bridge) => client(() => b.urlOf(bridge)));
    await until(() => first!.last === 3 && second!.last === 3);
    await b.appendNumbered(stream, 200);
    await until(() => first!.last === 203 && second!.last === 203);
    const direct = new Redis(redis.url);
    try {
      await untilTrue(async () => (await direct.hget(`boop:{${stream}}:meta`, 'last')) === '203');
      expect(await direct.xlen(`boop:{${stream}}:events`)).toBe(50);
      expect(await direct.pttl(`boop:{${stream}}:events`)).toBeGreaterThan(0);
    } finally {
      direct.disconnect();
    }
    expect([first, second].map((one) => [one!.missed, one!.told, one!.wrong])).toEqual([[0, 0, 0], [0, 0, 0]]);
  }, 120_000);

  test('a client further behind than Redis reaches still misses nothing', async () => {
    await b.appendNumbered(stream, 500);
    const late = client(() => b.url);
    await late.until(() => late.last === 503);
    expect(late).toMatchObject({ missed: 0, told: 0, received: 503 });
  }, 120_000);

  test('Redis dies and comes back empty while events flow: nothing is missed', async () => {
    const both = b.bridges.map((bridge) => client(() => b.urlOf(bridge)));
    let last = 0;
    const flow = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) last = await b.appendNumbered(stream, 3);
    };
    await flow(50);
    await redis.kill();
    await flow(50);
    await readFrom('the database');
    await until(() => both.every((one) => one.last === last));
    await redis.up();
    await flow(50);
    await readFrom('redis');
    await flow(50);
    await until(() => both.every((one) => one.last === last));
    expect(both.map(({ missed, told, wrong, received }) => [missed, told, wrong, received])).toEqual([[0, 0, 0, last], [0, 0, 0, last]]);
  }, 120_000);

  test('a stream that begins anew is told, also when Redis held the old one', async () => {
    await readFrom('redis');
    const one = client(() => b.url);
    await one.until(() => one.last === 3);
    await b.sql('DELETE FROM channel_events WHERE stream = $1', [stream]);
    await b.sql(`UPDATE channel_streams SET epoch = 'epoch-2', last_offset = 0 WHERE stream = $1`, [stream]);
    await b.appendNumbered(stream, 2);
    await one.until(() => one.told > 0);
    expect(one.missed).toBe(0);
  }, 120_000);

  test('the copying bridge leaves: another takes over', async () => {
    await b.another();
    const survivor = client(() => b.urlOf(b.bridges.at(-1)!));
    for (const bridge of b.bridges.splice(0, b.bridges.length - 1)) await bridge.close();
    await b.appendNumbered(stream, 20);
    await survivor.until(() => survivor.last === 23);
    const direct = new Redis(redis.url);
    await untilTrue(async () => (await direct.hget(`boop:{${stream}}:meta`, 'last')) === '23');
    direct.disconnect();
    expect(survivor).toMatchObject({ missed: 0, told: 0 });
  }, 120_000);
});

async function untilTrue(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}
