import { type Database, type Transaction } from '../store/database.ts';
import { type FailedAttempts } from './attempt-limits.ts';

export interface AttemptStore {
  of(terminalId: string): Promise<FailedAttempts>;
  reset(terminalId: string): Promise<void>;
}

export const attemptStore = (database: Database): AttemptStore => ({
  async of(terminalId) {
    const row = await database.failedAttempts.findUnique({ where: { terminalId } });
    return { failures: row?.failures ?? 0, lastFailureMs: row?.lastFailureAt.getTime() ?? 0 };
  },
  async reset(terminalId) {
    await database.failedAttempts.deleteMany({ where: { terminalId } });
  },
});

/** Counts with the decision itself, so that no crash forgets a failure. */
export async function countAttempt(tx: Transaction, { terminalId, failed, atMs }: { terminalId: string; failed: boolean; atMs: number }): Promise<void> {
  const lastFailureAt = new Date(atMs);
  if (failed) await tx.failedAttempts.upsert({ where: { terminalId }, create: { terminalId, failures: 1, lastFailureAt }, update: { failures: { increment: 1 }, lastFailureAt } });
  else await tx.failedAttempts.deleteMany({ where: { terminalId } });
}
