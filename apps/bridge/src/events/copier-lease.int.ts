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
  rmSync(dir, { recursive: true, force: true });
}, 120_000);

test('one bridge holds it at a time, and a gateway that starts meanwhile migrates the database', async () => {
  const [first, second] = [new CopierLease(url), new CopierLease(url)];
  expect([await first.hold(), await second.hold(), await first.hold()]).toEqual([true, false, true]);
  const migrations = join(dir, 'migrations');
  mkdirSync(join(migrations, '0001_things'), { recursive: true });
  writeFileSync(join(migrations, '0001_things/migration.sql'), 'CREATE TABLE things (id int)');
  await expect(applyMigrations(url, migrations)).resolves.toEqual(['0001_things']);
  await first.release();
  expect(await second.hold()).toBe(true);
  await second.release();
}, 120_000);
