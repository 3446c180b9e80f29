import { type Job } from '@boop/protocol';
import { type JobRow, type Prisma } from '../generated/prisma/client.ts';
import { type Database } from '../store/database.ts';

/** Results are kept for a day. */
const keptMs = 24 * 3_600_000;

export interface ClaimedJob {
  readonly id: string;
  readonly vendorId: string;
  readonly kind: string;
  readonly input: unknown;
  readonly attempts: number;
}

/** Jobs in PostgreSQL. A claim is a lease: a job of a process that died is taken again. */
export class JobStore {
  readonly #database: Database;
  constructor(database: Database) {
    this.#database = database;
  }

  async create(job: { id: string; vendorId: string; kind: string; input: object }, nowMs: number): Promise<Job> {
    const now = new Date(nowMs);
    return viewOf(await this.#database.jobRow.create({ data: { ...job, input: job.input as Prisma.InputJsonValue, status: 'created', createdAt: now, nextAttemptAt: now } }));
  }

  async find(vendorId: string, id: string): Promise<Job | undefined> {
    const row = await this.#database.jobRow.findUnique({ where: { id } });
    return row?.vendorId === vendorId ? viewOf(row) : undefined;
  }

  /** The newest first, without their results. */
  async list(vendorId: string, after: { createdAtMs: number; id: string } | undefined, limit: number): Promise<Omit<Job, 'result'>[]> {
    const before = after && new Date(after.createdAtMs);
    const where = { vendorId, ...(after && before ? { OR: [{ createdAt: { lt: before } }, { createdAt: before, id: { lt: after.id } }] } : {}) };
    const rows = await this.#database.jobRow.findMany({ where, orderBy: [{ createdAt: 'desc' }, { id: 'desc' }], take: limit, omit: { result: true } });
    return rows.map((row) => viewOf({ ...row, result: null }));
  }

  async claim(nowMs: number, leaseMs: number): Promise<ClaimedJob | undefined> {
    const rows = await this.#database.$queryRaw<{ id: string; vendor_id: string; kind: string; input: unknown; attempts: number }[]>`
      UPDATE jobs SET status = 'processing', attempts = attempts + 1, next_attempt_at = ${new Date(nowMs + leaseMs)}
      WHERE id = (SELECT id FROM jobs WHERE status IN ('created', 'processing') AND next_attempt_at <= ${new Date(nowMs)} ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED)
      RETURNING id, vendor_id, kind, input, attempts`;
    const [row] = rows;
    return row && { id: row.id, vendorId: row.vendor_id, kind: row.kind, input: row.input, attempts: row.attempts };
  }

  /** Only whoever claimed it last ends it. */
  async end({ id, attempts }: ClaimedJob, outcome: { result: object } | { failure: string }, nowMs: number): Promise<void> {
    const data = 'result' in outcome ? { status: 'completed', result: outcome.result as Prisma.InputJsonValue } : { status: 'failed', failure: outcome.failure };
    await this.#database.jobRow.updateMany({ where: { id, attempts, status: 'processing' }, data: { ...data, endedAt: new Date(nowMs) } });
  }

  async postpone({ id, attempts }: ClaimedJob, untilMs: number): Promise<void> {
    await this.#database.jobRow.updateMany({ where: { id, attempts, status: 'processing' }, data: { nextAttemptAt: new Date(untilMs) } });
  }

  async prune(nowMs: number): Promise<void> {
    await this.#database.jobRow.deleteMany({ where: { endedAt: { lt: new Date(nowMs - keptMs) } } });
  }
}

const viewOf = ({ id, kind, status, createdAt, endedAt, result, failure }: JobRow): Job => ({
  id,
  kind,
  status: status as Job['status'],
  createdAt: createdAt.toISOString(),
  ...(endedAt === null ? {} : { endedAt: endedAt.toISOString() }),
  ...(result === null ? {} : { result }),
  ...(failure === null ? {} : { failure }),
});
