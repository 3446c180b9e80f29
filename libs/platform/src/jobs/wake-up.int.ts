import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { freePort, hasRedis, RedisServer } from '@boop/testing';
import { silentLogger } from '../logging/logger.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../postgres/embedded-postgres.ts';
import { type JobBackend, openWakeUp } from './job-backend.ts';
import { type WakeUp } from './wake-up.ts';

const hasRedisServer = hasRedis('jobs on Redis');
let dir: string;
let postgres: EmbeddedPostgres;
let redis: RedisServer | undefined;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'boop-jobs-'));
  if (hasRedisServer) redis = await RedisServer.start('append-only');
  postgres = await startEmbeddedPostgres({ dir: join(dir, 'postgres'), port: await freePort(), databases: [{ name: 'jobs', user: 'jobs' }] });
});
afterAll(async () => {
  await postgres?.stop();
  await redis?.stop();
  await rm(dir, { recursive: true, force: true });
});

/** What is to be done, as a table would hold it; whoever looks takes all. */
class Table {
  readonly waiting = new Set<number>();
  readonly done: number[] = [];
  isBusy = false;
  readonly look = async (): Promise<void> => {
    if (this.isBusy) throw new Error('two looks at once in one process');
    this.isBusy = true;
    await new Promise((resolve) => setTimeout(resolve, 1));
    for (const item of this.waiting) {
      this.waiting.delete(item);
      this.done.push(item);
    }
    this.isBusy = false;
  };
}

async function eventually(holds: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 60_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 10))) if (Date.now() > deadline) throw new Error('did not come true in time');
}

const backends: [string, () => JobBackend | undefined][] = [
  ['this process alone', () => undefined],
  ['PostgreSQL', () => ({ databaseUrl: postgres.urls['jobs']! })],
  ...(hasRedisServer ? ([['Redis', () => ({ redisUrl: redis!.url })]] as [string, () => JobBackend][]) : []),
];

describe.each(backends)('waking through %s', (name, backend) => {
  const open = async (table: Table, intervalMs: number): Promise<WakeUp> => await openWakeUp(`test-${name.replaceAll(' ', '-')}`, backend(), { work: table.look, log: silentLogger, intervalMs });

  test('is at once, or later as told, long before the next look', async () => {
    const table = new Table();
    const wakeUp = await open(table, 600_000);
    try {
      table.waiting.add(1);
      await eventually(() => {
        wakeUp.wake();
        return table.done.length === 1;
      });
      table.waiting.add(2);
      wakeUp.wake(50);
      await eventually(() => table.done.length === 2);
    } finally {
      await wakeUp.close();
    }
  });

  test('looks are never at once in one process, however often it is woken, and end with it', async () => {
    const table = new Table();
    const wakeUp = await open(table, 20);
    for (let i = 0; i < 100; i++) {
      table.waiting.add(i);
      wakeUp.wake();
    }
    await eventually(() => table.done.length === 100);
    await wakeUp.close();
    expect(table.isBusy).toBe(false);
    table.waiting.add(100);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(table.done).toHaveLength(100);
  });
});

test('a PostgreSQL that is away at the start is an error, and no loop', async () => {
  const away: JobBackend = { databaseUrl: `postgres://jobs:none@127.0.0.1:${await freePort()}/jobs` };
  await expect(openWakeUp('test-away', away, { work: async () => undefined, log: silentLogger, intervalMs: 600_000 })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

if (hasRedisServer) test('Redis killed and started again under load: everything is done, each once', async () => {
  const server = await RedisServer.start('append-only');
  const table = new Table();
  const wakeUp = await openWakeUp('test-killed', { redisUrl: server.url }, { work: table.look, log: silentLogger, intervalMs: 200 });
  const countOf = { added: 0 };
  const load = setInterval(() => {
    table.waiting.add(countOf.added++);
    wakeUp.wake();
  }, 1);
  try {
    await eventually(() => table.done.length > 50);
    await server.kill();
    const atKill = countOf.added;
    // The table is polled meanwhile.
    await eventually(() => table.done.length > atKill + 50);
    await server.up();
    const atRestart = countOf.added;
    await eventually(() => table.done.length > atRestart + 50);
  } finally {
    clearInterval(load);
  }
  await eventually(() => table.done.length === countOf.added);
  expect(new Set(table.done).size).toBe(countOf.added);
  await wakeUp.close();
  await server.stop();
}, 240_000);
