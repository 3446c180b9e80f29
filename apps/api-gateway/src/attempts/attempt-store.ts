import { createHash } from 'node:crypto';
import { type Database, type Transaction } from '../store/database.ts';
import { type Attempt, type ClaimedPerson, type FailedAttempts } from './attempt-limits.ts';

export interface AttemptStore {
  of(terminalId: string): Promise<FailedAttempts>;
  ofPerson(person: ClaimedPerson): Promise<FailedAttempts>;
  reset(terminalId: string): Promise<void>;
}

export const attemptStore = (database: Database): AttemptStore => ({
  async of(terminalId) {
    return failuresIn(await database.failedAttempts.findUnique({ where: { terminalId } }));
  },
  async ofPerson(person) {
    return failuresIn(await database.failedSubjectAttempts.findUnique({ where: { vendorId_subjectHash: keyOf(person) } }));
  },
  async reset(terminalId) {
    await database.failedAttempts.deleteMany({ where: { terminalId } });
  },
});

/** Counts with the decision itself, so that no crash forgets a failure. */
export async function countAttempt(tx: Transaction, { terminalId, person, failed, atMs }: Attempt): Promise<void> {
  const key = person && keyOf(person);
  if (!failed) return await forget(tx, terminalId, key);
  const lastFailureAt = new Date(atMs);
  const first = { failures: 1, lastFailureAt };
  const another = { failures: { increment: 1 }, lastFailureAt };
  await tx.failedAttempts.upsert({ where: { terminalId }, create: { terminalId, ...first }, update: another });
  if (key) await tx.failedSubjectAttempts.upsert({ where: { vendorId_subjectHash: key }, create: { ...key, ...first }, update: another });
}

/** One statement: an accepted person waits for it. */
async function forget(tx: Transaction, terminalId: string, key: ReturnType<typeof keyOf> | undefined): Promise<void> {
  await tx.$executeRaw`
    WITH terminal AS (DELETE FROM failed_attempts WHERE terminal_id = ${terminalId})
    DELETE FROM failed_subject_attempts WHERE vendor_id = ${key?.vendorId ?? null} AND subject_hash = ${key?.subjectHash ?? null}`;
}

const failuresIn = (row: { failures: number; lastFailureAt: Date } | null): FailedAttempts => ({ failures: row?.failures ?? 0, lastFailureMs: row?.lastFailureAt.getTime() ?? 0 });
const keyOf = ({ vendorId, subject }: ClaimedPerson) => ({ vendorId, subjectHash: createHash('sha256').update(subject).digest('base64url') });
