import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applyMigrations, type EmbeddedPostgres, startEmbeddedPostgres } from '@boop/platform';
import pg from 'pg';
import { PrismaLogStore } from '../store/prisma-log-store.ts';

const MIGRATIONS = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

/** A real PostgreSQL with migrated databases, gone after `stop`. */
export class TestDatabases {
  readonly #dir: string;
  readonly #postgres: EmbeddedPostgres;
  readonly #stores: PrismaLogStore[] = [];

  private constructor(dir: string, postgres: EmbeddedPostgres) {
    this.#dir = dir;
    this.#postgres = postgres;
  }

  static async start(names: readonly string[]): Promise<TestDatabases> {
    const dir = mkdtempSync(join(tmpdir(), 'boop-ledger-'));
    const [port] = await freePorts(1);
    const postgres = await startEmbeddedPostgres({ dir, port: port!, databases: names.map((name) => ({ name, user: name })) });
    for (const url of Object.values(postgres.urls)) await applyMigrations(url, MIGRATIONS);
    return new TestDatabases(dir, postgres);
  }

  url(name: string): string {
    return this.#postgres.urls[name]!;
  }

  store(name: string): PrismaLogStore {
    const store = PrismaLogStore.open(this.url(name));
    this.#stores.push(store);
    return store;
  }

  async query<Row extends object>(name: string, sql: string): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.url(name) });
    await client.connect();
    return (await client.query<Row>(sql).finally(() => client.end())).rows;
  }

  /** A store as it is before the first entry. */
  async emptied(name: string): Promise<PrismaLogStore> {
    await this.query(name, "TRUNCATE entries, tiles; UPDATE log_state SET size = 0, root = sha256(''::bytea), published_size = NULL, group_key = NULL; DELETE FROM checkpoints");
    return this.store(name);
  }

  async stop(): Promise<void> {
    for (const store of this.#stores) await store.close();
    await this.#postgres.stop();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

/** Ports that were free a moment ago; all are held at once so that they differ. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
