import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { applyMigrations, type EmbeddedPostgres, startEmbeddedPostgres } from '@boop/platform';
import { freePort } from '@boop/testing';
import { CopierLease } from './copier-lease.ts';

const dir = mkdtempSync(join(tmpdir(), 'boop-lease-'));
let postgres: EmbeddedPostgres;
let url: string;

beforeAll(async () => {
  postgres = await startEmbeddedPostgres({ dir: join(dir, 'postgres'), port: await freePort(), databases: [{ name: 'gateway', user: 'gateway' }] });
  url = postgres.urls['gateway']!;
}, 120_000);
afterAll(async () => {
  await postgres.stop();
  rmSync(dir, { recursive: true, force: true, maxRetries: 10 });
}, 120_000);

test('one bridge holds it at a time, and a gateway that starts meanwhile migrates the database', async () => {
  const [first, second] = [new CopierLease(url), new CopierLease(url)];
  await untilHeldBy(first);
  expect([await second.hold(), await first.hold()]).toEqual([false, true]);
  const migrations = join(dir, 'migrations');
  mkdirSync(join(migrations, '0001_things'), { recursive: true });
  writeFileSync(join(migrations, '0001_things/migration.sql'), 'CREATE TABLE things (id int)');
  await expect(applyMigrations(url, migrations)).resolves.toEqual(['0001_things']);
  await first.release();
  await untilHeldBy(second);
  await second.release();
}, 120_000);

/** A database that is slow to take a connection counts as away, and is asked again. */
async function untilHeldBy(lease: CopierLease): Promise<void> {
  while (!(await lease.hold())) await new Promise((resolve) => setTimeout(resolve, 20));
}
