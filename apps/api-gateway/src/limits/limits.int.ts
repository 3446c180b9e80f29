import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { freePort, hasRedis, RedisServer } from '@boop/testing';
import { applyMigrations, type EmbeddedPostgres, silentLogger, startEmbeddedPostgres } from '@boop/platform';
import { Registry } from 'prom-client';
import { RateLimited, type RateLimits } from '../services/rate-limit.ts';
import { type Database, openDatabase } from '../store/database.ts';
import { eventually } from '../testing/test-gateway.ts';
import { openLimits } from './open-limits.ts';

const hasRedisServer = hasRedis('limits in Redis');
const migrations = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));
let dir: string;
let postgres: EmbeddedPostgres;
let database: Database;
let redis: RedisServer | undefined;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'boop-limits-'));
  postgres = await startEmbeddedPostgres({ dir: join(dir, 'postgres'), port: await freePort(), databases: [{ name: 'gateway', user: 'gateway' }] });
  await applyMigrations(postgres.urls['gateway']!, migrations);
  database = openDatabase(postgres.urls['gateway']!);
  redis = hasRedisServer ? await RedisServer.start('append-only') : undefined;
}, 120_000);
afterAll(async () => {
  await database.$disconnect();
  await postgres.stop();
  await redis?.stop();
  rmSync(dir, { recursive: true, force: true, maxRetries: 10 });
});

const policy = (quota: number, windowSeconds = 3_600) => ({ name: 'things', quota, windowSeconds });
async function accepted(replicas: readonly RateLimits[], quota: number, times: number, key: string): Promise<number> {
  const outcomes = await Promise.allSettled(Array.from({ length: times }, (_, at) => replicas[at % replicas.length]!.count(policy(quota), key)));
  for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(RateLimited);
  return outcomes.filter(({ status }) => status === 'fulfilled').length;
}

describe.each(['postgresql', ...(hasRedisServer ? ['redis'] : [])])('limits in %s', (store) => {
  const open = () => {
    const registry = new Registry();
    const { limits, close } = openLimits({ redisUrl: store === 'redis' ? redis!.url : undefined, database, registry, log: silentLogger, commandTimeoutMs: 20_000 });
    const degraded = async () => (await registry.getSingleMetric('boop_rate_limits_degraded_total')!.get()).values[0]?.value ?? 0;
    return { limits, close, degraded };
  };
  /** A count that the store kept says that the connection stands. */
  const connected = async (opened: ReturnType<typeof open>) =>
    eventually(async () => {
      const before = await opened.degraded();
      await opened.limits.count(policy(1_000_000), `connected-${Math.random()}`);
      return (await opened.degraded()) === before;
    }, 240_000);

  test.each([3, 49, 100, 1_000])('three replicas keep a quota of %i together', async (quota) => {
    const opened = [open(), open(), open()];
    try {
      await Promise.all(opened.map(connected));
      expect(await accepted(opened.map(({ limits }) => limits), quota, quota + 200, `${store}-${quota}`)).toBe(quota);
    } finally {
      for (const { close } of opened) await close();
    }
  }, 240_000);

  test('keys don’t touch each other, and a window that is over starts anew', async () => {
    const opened = open();
    try {
      await connected(opened);
      expect(await accepted([opened.limits], 5, 50, `${store}-flood`)).toBe(5);
      expect(await accepted([opened.limits], 5, 5, `${store}-other`)).toBe(5);
      const short = () => opened.limits.count(policy(1, 1), `${store}-short`);
      await short();
      await eventually(() => short().then(() => true, () => false), 60_000);
    } finally {
      await opened.close();
    }
  }, 240_000);
});

const withRedis = hasRedisServer ? test : () => undefined;
withRedis('a Redis that dies leaves a limit per process and a count of it; when it is back, it counts again', async () => {
  const registry = new Registry();
  const { limits, close } = openLimits({ redisUrl: redis!.url, database, registry, log: silentLogger });
  const degraded = async () => (await registry.getSingleMetric('boop_rate_limits_degraded_total')!.get()).values[0]?.value ?? 0;
  const probe = () => limits.count(policy(1_000_000), `probe-${Math.random()}`);
  const counts = async (shared: boolean) =>
    eventually(async () => {
      const before = await degraded();
      await probe();
      return ((await degraded()) === before) === shared;
    }, 240_000);
  try {
    await counts(true);
    await redis!.kill();
    await counts(false);
    expect(await accepted([limits], 5, 50, 'while-down')).toBe(5);
    await redis!.up();
    await counts(true);
  } finally {
    await close();
  }
}, 240_000);
