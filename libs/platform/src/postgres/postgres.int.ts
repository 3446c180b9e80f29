import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { freePort } from '@boop/testing';
import { Client } from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';
import { applyMigrations } from './migrations.ts';
import { NOTIFY_BYTES_MAX, PgNotify } from './pg-notify.ts';
import { isPortFree } from './port.ts';
import { eventually } from '../testing/link-fixture.ts';

const root = mkdtempSync(join(tmpdir(), 'boop-pg-'));
const dir = join(root, 'postgres');
const databases = [{ name: 'node_1', user: 'node_1' }, { name: 'gateway', user: 'gateway' }, { name: 'bridge', user: 'bridge' }];
let port: number;
let server: EmbeddedPostgres;

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  port = await freePort();
  server = await startEmbeddedPostgres({ dir, port, databases });
}, 120_000);
afterAll(async () => {
  await server?.stop();
  rmSync(root, { recursive: true, force: true });
});

describe('embedded PostgreSQL', () => {
  test('gives each role its own database and no other', async () => {
    await query(server.urls['node_1']!, 'CREATE TABLE rows (n int); INSERT INTO rows VALUES (7)');
    const elsewhere = server.urls['node_1']!.replace(/\/node_1$/, '/gateway');
    await expect(query(elsewhere, 'SELECT 1')).rejects.toMatchObject({ code: '42501' });
    await expect(query(server.urls['node_1']!.replace(/:[^:@]+@/, ':wrong@'), 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect(statSync(join(dir, 'passwords.json')).mode & 0o777).toBe(0o600);
  });

  test('survives a stop, and a pid file that names another living program', async () => {
    await server.stop();
    expect(await isPortFree(port)).toBe(true);
    writeFileSync(join(dir, 'cluster', 'postmaster.pid'), `${process.pid}\n`);
    server = await startEmbeddedPostgres({ dir, port, databases });
    expect(await query(server.urls['node_1']!, 'SELECT n FROM rows')).toEqual([{ n: 7 }]);
  });

  test('ends with its parent even when that is killed, and an unclean cluster starts again', async () => {
    await server.stop();
    const script = `import { startEmbeddedPostgres } from ${JSON.stringify(new URL('./embedded-postgres.ts', import.meta.url).href)};
      await startEmbeddedPostgres(${JSON.stringify({ dir, port, databases })});
      console.log('up');`;
    const parent = spawn(process.execPath, ['--conditions=@boop/source', '--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => parent.stdout.once('data', resolve));
    expect(await isPortFree(port)).toBe(false);
    parent.kill('SIGKILL');
    await waitFree(port);
    server = await startEmbeddedPostgres({ dir, port, databases });
    expect(await query(server.urls['node_1']!, 'SELECT n FROM rows')).toEqual([{ n: 7 }]);
  }, 120_000);

  test('takes over from a server that was left running', async () => {
    const pid = Number.parseInt(readFileSync(join(dir, 'cluster', 'postmaster.pid'), 'utf8'), 10);
    const successor = await startEmbeddedPostgres({ dir, port, databases });
    await server.ended;
    server = successor;
    expect(Number.parseInt(readFileSync(join(dir, 'cluster', 'postmaster.pid'), 'utf8'), 10)).not.toBe(pid);
    expect(await query(server.urls['node_1']!, 'SELECT n FROM rows')).toEqual([{ n: 7 }]);
  });

  test('names a taken port', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    const taken = (squatter.address() as { port: number }).port;
    await expect(startEmbeddedPostgres({ dir: join(root, 'second'), port: taken, databases: [] })).rejects.toMatchObject({
      code: 'postgres.port-taken',
      message: expect.stringContaining(String(taken)),
    });
    await new Promise((resolve) => squatter.close(resolve));
  }, 120_000);
});

async function waitFree(waited: number): Promise<void> {
  for (let tries = 0; tries < 1_200; tries++) {
    if (await isPortFree(waited)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the server lives on');
}

describe('migrations', () => {
  const migrationDir = join(root, 'migrations');
  const write = (name: string, sql: string): void => {
    mkdirSync(join(migrationDir, name), { recursive: true });
    writeFileSync(join(migrationDir, name, 'migration.sql'), sql);
  };

  test('apply once, in order, also when two processes start together', async () => {
    write('0002_second', 'ALTER TABLE things ADD COLUMN colour text;');
    write('0001_first', 'CREATE TABLE things (id int); CREATE INDEX ON things (id);');
    const both = await Promise.all([applyMigrations(server.urls['gateway']!, migrationDir), applyMigrations(server.urls['gateway']!, migrationDir)]);
    expect(both.sort((a, b) => a.length - b.length)).toEqual([[], ['0001_first', '0002_second']]);
    expect(await query(server.urls['gateway']!, 'SELECT id, colour FROM things')).toEqual([]);
  });

  test('roll back whole when a statement fails', async () => {
    write('0003_third', 'CREATE TABLE half (id int); SELECT no_such_function();');
    await expect(applyMigrations(server.urls['gateway']!, migrationDir)).rejects.toMatchObject({ code: 'migration.failed' });
    await expect(query(server.urls['gateway']!, 'SELECT * FROM half')).rejects.toMatchObject({ code: '42P01' });
    write('0003_third', 'CREATE TABLE half (id int);');
    expect(await applyMigrations(server.urls['gateway']!, migrationDir)).toEqual(['0003_third']);
  });

  test('refuse an edited, a lost and a misnamed one', async () => {
    write('0001_first', 'CREATE TABLE things (id bigint);');
    await expect(applyMigrations(server.urls['gateway']!, migrationDir)).rejects.toMatchObject({ code: 'migration.changed' });
    rmSync(join(migrationDir, '0001_first'), { recursive: true });
    await expect(applyMigrations(server.urls['gateway']!, migrationDir)).rejects.toMatchObject({ code: 'migration.missing' });
    write('first', '');
    await expect(applyMigrations(server.urls['gateway']!, migrationDir)).rejects.toMatchObject({ code: 'migration.malformed' });
  });
});

describe('notifications', () => {
  test('reach listeners, and again after the connection was cut', async () => {
    const databaseUrl = server.urls['gateway']!;
    let connections = 0;
    const receiver = await PgNotify.connect({ databaseUrl, onReconnect: () => (connections += 1) });
    let senders = 0;
    const sender = await PgNotify.connect({ databaseUrl, onReconnect: () => (senders += 1) });
    const heard: string[] = [];
    const stopListening = await receiver.listen('vendor:a"b', (payload) => heard.push(payload));
    await sender.notify('vendor:a"b', 'one');
    await sender.notify('another', 'not for us');
    await eventually(() => heard.length === 1);

    await query(databaseUrl, 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()');
    await eventually(() => connections === 2 && senders === 2);
    await sender.notify('vendor:a"b', 'two');
    await eventually(() => heard.length === 2);
    expect(heard).toEqual(['one', 'two']);

    await stopListening();
    await sender.notify('vendor:a"b', 'three');
    await expect(sender.notify('vendor:a"b', 'x'.repeat(NOTIFY_BYTES_MAX + 1))).rejects.toMatchObject({ code: 'notify.too-large' });
    await Promise.all([receiver.close(), sender.close()]);
    expect(heard).toHaveLength(2);
    await expect(sender.notify('vendor:a"b', 'four')).rejects.toMatchObject({ code: 'notify.unavailable' });
  });
});
