import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@boop/platform';
import { freePort } from '@boop/testing';
import { type Database, openDatabase } from '../store/database.ts';

export interface NodeDatabase {
  readonly database: Database;
  readonly url: string;
  close(): Promise<void>;
}

/** A node's database in a PostgreSQL server of its own. */
export async function startNodeDatabase(): Promise<NodeDatabase> {
  const dir = mkdtempSync(join(tmpdir(), 'boop-node-database-'));
  const postgres = await startEmbeddedPostgres({ dir: join(dir, 'postgres'), port: await freePort(), databases: [{ name: 'node', user: 'node' }] });
  const url = postgres.urls['node']!;
  const database = await openDatabase(url);
  const close = async (): Promise<void> => {
    await database.$disconnect();
    await postgres.stop();
    rmSync(dir, { recursive: true, force: true, maxRetries: 10 });
  };
  return { database, url, close };
}
