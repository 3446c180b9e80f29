import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applyMigrations, type EmbeddedPostgres, startEmbeddedPostgres } from '@boop/platform';
import { freePort } from '@boop/testing';
import pg from 'pg';
import { type FaultHook } from '../faults/fault-points.ts';
import { LedgerDatabase } from '../store/database.ts';
import { PrismaLogStore } from '../store/prisma-log-store.ts';

const MIGRATIONS = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

/** A real PostgreSQL with migrated databases, gone after `stop`. */
export class TestDatabases {
  readonly #dir: string;
  readonly #postgres: EmbeddedPostgres;
  readonly #shared = new Map<string, LedgerDatabase>();
  readonly #faulty: LedgerDatabase[] = [];

  private constructor(dir: string, postgres: EmbeddedPostgres) {
    this.#dir = dir;
    this.#postgres = postgres;
  }

  static async start(names: readonly string[]): Promise<TestDatabases> {
    const dir = mkdtempSync(join(tmpdir(), 'boop-ledger-'));
    const postgres = await startEmbeddedPostgres({ dir, port: await freePort(), databases: names.map((name) => ({ name, user: name })) });
    for (const url of Object.values(postgres.urls)) await applyMigrations(url, MIGRATIONS);
    return new TestDatabases(dir, postgres);
  }

  url(name: string): string {
    return this.#postgres.urls[name]!;
  }

  /** One client for all that ask, or one of its own with faults. */
  database(name: string, faults?: FaultHook): LedgerDatabase {
    if (!faults) {
      const database = this.#shared.get(name) ?? LedgerDatabase.open(this.url(name));
      this.#shared.set(name, database);
      return database;
    }
    const database = LedgerDatabase.open(this.url(name), faults);
    this.#faulty.push(database);
    return database;
  }

  store(name: string, faults?: FaultHook): PrismaLogStore {
    return new PrismaLogStore(this.database(name, faults));
  }

  async query<Row extends object>(name: string, sql: string): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.url(name) });
    await client.connect();
    return (await client.query<Row>(sql).finally(() => client.end())).rows;
  }

  /** A store as it is before the first entry. */
  async emptied(name: string): Promise<PrismaLogStore> {
    await this.query(name, "TRUNCATE entries, tiles, mutations, openings, map_nodes, map_revisions, witnessed_logs, cosignatures; UPDATE log_state SET size = 0, root = sha256(''::bytea), published_size = NULL, group_key = NULL; DELETE FROM checkpoints");
    return this.store(name);
  }

  async stop(): Promise<void> {
    for (const database of [...this.#shared.values(), ...this.#faulty]) await database.close();
    await this.#postgres.stop();
    rmSync(this.#dir, { recursive: true, force: true, maxRetries: 10 });
  }
}
