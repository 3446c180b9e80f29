import { fileURLToPath } from 'node:url';
import { applyMigrations } from '@boop/platform';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../generated/prisma/client.ts';

const connections = { max: 10, connectionTimeoutMillis: 5_000, statement_timeout: 10_000, query_timeout: 12_000 } as const;

/** Milliseconds. A burst that waits for a connection on a busy machine is late, not lost. */
const transactionOptions = { maxWait: 10_000, timeout: 20_000 } as const;

export type Database = PrismaClient;

/** Migrates and opens the service's own database; PostgreSQL's default `synchronous_commit = on` makes commits durable. */
export async function openDatabase(databaseUrl: string): Promise<Database> {
  await applyMigrations(databaseUrl, fileURLToPath(new URL('../../prisma/migrations', import.meta.url)));
  return new PrismaClient({ adapter: new PrismaPg({ connectionString: databaseUrl, ...connections }), transactionOptions });
}

/** Prisma's columns want bytes that own their buffer. */
export const column = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);
