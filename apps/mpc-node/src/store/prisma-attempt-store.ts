import { type AttemptLimits } from '../sessions/budgets.ts';
import { type Database } from './database.ts';
import { type AttemptStore, dayOf } from './ports.ts';

export class PrismaAttemptStore implements AttemptStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** One statement, so that of two attempts at once each sees the other; an update that the limits forbid returns no row. */
  async begin(id: string, { freeFailures, delaySeconds, failuresMax, acceptedPerDayMax }: AttemptLimits, nowMs: number): Promise<boolean> {
    const now = new Date(nowMs);
    const waited = new Date(nowMs - delaySeconds * 1000);
    const day = dayOf(nowMs);
    const rows = await this.#database.$queryRaw<unknown[]>`
      INSERT INTO attempts AS a (id, failures, last_at, accepted, accepted_on) VALUES (${id}, 1, ${now}, 0, ${day})
      ON CONFLICT (id) DO UPDATE SET failures = a.failures + 1, last_at = ${now}
      WHERE a.failures < ${failuresMax} AND (a.failures < ${freeFailures} OR a.last_at <= ${waited}) AND (a.accepted_on <> ${day} OR a.accepted < ${acceptedPerDayMax})
      RETURNING id`;
    return rows.length === 1;
  }

  async accepted(id: string, nowMs: number): Promise<void> {
    const day = dayOf(nowMs);
    await this.#database.$executeRaw`
      INSERT INTO attempts AS a (id, failures, last_at, accepted, accepted_on) VALUES (${id}, 0, ${new Date(nowMs)}, 1, ${day})
      ON CONFLICT (id) DO UPDATE SET failures = 0, accepted = CASE WHEN a.accepted_on = ${day} THEN a.accepted + 1 ELSE 1 END, accepted_on = ${day}`;
  }

  async acceptedToday(id: string, nowMs: number): Promise<number> {
    const row = await this.#database.attempts.findUnique({ where: { id } });
    return row?.acceptedOn === dayOf(nowMs) ? row.accepted : 0;
  }

  async forgetOld(beforeMs: number): Promise<void> {
    await this.#database.attempts.deleteMany({ where: { lastAt: { lt: new Date(beforeMs) } } });
  }
}
