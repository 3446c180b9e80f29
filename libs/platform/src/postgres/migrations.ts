import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BoopError } from '@boop/shared';
import { Client } from 'pg';

/** Session lock under which one process at a time migrates a database; an arbitrary constant of this project. */
const ADVISORY_LOCK = 0x626f_6f70;
const MIGRATION_NAME = /^\d{4}_[a-z0-9_]+$/;

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/**
 * Applies `dir/NNNN_name/migration.sql` in order, each in a transaction of its own; what has been applied is recorded with its SHA-256 in
 * `boop_migrations` and never runs twice. Replicas that start together wait for each other.
 * @returns names applied by this call
 * @throws BoopError `migration.changed` (an applied file was edited), `migration.missing` (the database is ahead of this build),
 *   `migration.failed`, `migration.malformed` (a folder's name)
 */
export async function applyMigrations(databaseUrl: string, dir: string): Promise<string[]> {
  const migrations = readMigrations(dir);
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK]);
    await client.query('CREATE TABLE IF NOT EXISTS boop_migrations (name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())');
    const { rows } = await client.query<{ name: string; checksum: string }>('SELECT name, checksum FROM boop_migrations');
    const applied = new Map(rows.map((row) => [row.name, row.checksum]));
    checkHistory(migrations, applied);
    const pending = migrations.filter((migration) => !applied.has(migration.name));
    for (const migration of pending) await applyOne(client, migration);
    return pending.map((migration) => migration.name);
  } finally {
    // Ending the session releases the lock.
    await client.end();
  }
}

function readMigrations(dir: string): Migration[] {
  const names = readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  return names.map((name) => {
    if (!MIGRATION_NAME.test(name)) throw new BoopError('migration.malformed', `migration folder ${name} must be named NNNN_name`, { kind: 'fatal' });
    const sql = readFileSync(join(dir, name, 'migration.sql'), 'utf8');
    return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
  });
}

function checkHistory(migrations: readonly Migration[], applied: ReadonlyMap<string, string>): void {
  const known = new Map(migrations.map((migration) => [migration.name, migration.checksum]));
  for (const [name, checksum] of applied) {
    if (!known.has(name)) throw new BoopError('migration.missing', `the database has migration ${name}, which this build doesn't know`, { kind: 'fatal' });
    if (known.get(name) !== checksum) throw new BoopError('migration.changed', `migration ${name} was edited after it was applied`, { kind: 'fatal' });
  }
}

async function applyOne(client: Client, { name, sql, checksum }: Migration): Promise<void> {
  try {
    await client.query('BEGIN');
    await client.query(sql);
    await client.query('INSERT INTO boop_migrations (name, checksum) VALUES ($1, $2)', [name, checksum]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw new BoopError('migration.failed', `migration ${name} failed`, { kind: 'fatal', cause: error });
  }
}
