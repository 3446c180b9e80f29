import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../generated/prisma/client.ts';

export type Database = PrismaClient;
export type Transaction = Parameters<Parameters<PrismaClient['$transaction']>[0]>[0];

/** Milliseconds. A burst that waits for a connection on a busy machine is late, not lost. */
const transactions = { maxWait: 10_000, timeout: 20_000 } as const;

export const openDatabase = (databaseUrl: string): Database =>
  new PrismaClient({ adapter: new PrismaPg({ connectionString: databaseUrl, max: 10 }), errorFormat: 'minimal', transactionOptions: transactions });

/** PostgreSQL's unique_violation, as Prisma reports it. */
export const isUniqueViolation = (error: unknown): boolean => error instanceof Error && (error as { code?: unknown }).code === 'P2002';

/** Thrown inside a transaction to undo it when the compare-and-swap found another version. */
export class LostRace extends Error {}

/** @returns false when the transaction lost its race */
export async function unlessRaced(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof LostRace) return false;
    throw error;
  }
}
