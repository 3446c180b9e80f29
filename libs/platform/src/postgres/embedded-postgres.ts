import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { BoopError } from '@boop/shared';
import { type Logger, silentLogger } from '../logging/logger.ts';
import { initialiseCluster } from './cluster.ts';
import { type DatabaseSpec, ensureDatabases } from './databases.ts';
import { clearLeftoverServer } from './leftover-server.ts';
import { openPasswords } from './passwords.ts';
import { findPostgresBinaries } from './postgres-binaries.ts';
import { assertPortFree } from './port.ts';
import { startServer } from './server-process.ts';
import { findUnprivileged } from './unprivileged.ts';

export interface EmbeddedPostgres {
  readonly port: number;
  /** Connection string by database name; each role may connect to its own database only. */
  readonly urls: Readonly<Record<string, string>>;
  /** Resolves when the server has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Fast shutdown: open transactions roll back, all else is flushed. */
  stop(): Promise<void>;
}

export const ADMIN_ROLE = 'boop_admin';

/**
 * A PostgreSQL server for development and tests, on the loopback address only, with one database and one role per entry. Passwords are
 * random and kept in `dir/passwords.json` (0600). The server ends with this process, however that ends.
 * @throws BoopError `postgres.port-taken`, `postgres.start-failed`, `postgres.still-running`, `postgres.unavailable`, `postgres.no-user`
 */
export async function startEmbeddedPostgres(options: {
  readonly dir: string;
  readonly port: number;
  readonly databases: readonly DatabaseSpec[];
  readonly log?: Logger;
}): Promise<EmbeddedPostgres> {
  const { port, databases, log = silentLogger } = options;
  mkdirSync(options.dir, { recursive: true });
  // Resolved, since the kernel names the working directory of a leftover server so.
  const dir = realpathSync(options.dir);
  const clusterDir = join(dir, 'cluster');
  const binaries = await findPostgresBinaries();
  const user = await findUnprivileged([dir, binaries.initdb, binaries.postgres]);
  const passwords = openPasswords(join(dir, 'passwords.json'), [ADMIN_ROLE, ...databases.map((database) => database.user)]);
  await initialiseCluster({ clusterDir, binaries, user, adminRole: ADMIN_ROLE, adminPassword: passwords[ADMIN_ROLE]! });
  await clearLeftoverServer(clusterDir);
  await assertPortFree(port);
  const urlOf = (role: string, database: string): string => `postgres://${role}:${passwords[role]!}@127.0.0.1:${port}/${database}`;
  const server = await startServer({ clusterDir, port, binaries, user, adminUrl: urlOf(ADMIN_ROLE, 'postgres'), log });
  try {
    await ensureDatabases(urlOf(ADMIN_ROLE, 'postgres'), databases, passwords);
  } catch (error) {
    await server.stop();
    throw new BoopError('postgres.start-failed', 'the databases could not be created', { kind: 'fatal', cause: error });
  }
  return {
    port,
    urls: Object.fromEntries(databases.map(({ name, user: role }) => [name, urlOf(role, name)])),
    ended: server.ended,
    stop: server.stop,
  };
}
