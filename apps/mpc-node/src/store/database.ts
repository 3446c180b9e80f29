import { fileURLToPath } from 'node:url';
import { applyMigrations } from '@boop/platform';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../generated/prisma/client.ts';

const connections = { max: 6, connectionTimeoutMillis: 10_000, statement_timeout: 10_000, query_timeout: 12_000 } as const;
/** A busy node waits for a connection rather than to fail a session. */
const transactionOptions = { maxWait: 10_000, timeout: 20_000 } as const;

export type Database = PrismaClient;
/** What a transaction offers. */
export type DatabaseReader = Omit<PrismaClient, '$connect' | '$disconnect' | '$on' | '$transaction' | '$extends'>;

/** Migrates and opens this node's own database; PostgreSQL's default `synchronous_commit = on` makes commits durable. */
export async function openDatabase(databaseUrl: string): Promise<Database> {
  await migrateDatabase(databaseUrl);
  return new PrismaClient({ adapter: new PrismaPg({ connectionString: databaseUrl, ...connections }), transactionOptions });
}

export async function migrateDatabase(databaseUrl: string): Promise<void> {
  await applyMigrations(databaseUrl, fileURLToPath(new URL('../../prisma/migrations', import.meta.url)));
}

/** Prisma's columns want bytes that own their buffer. */
export const column = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);
