import { guarded, noFaults } from '@boop/platform';
import { Prisma } from '../generated/prisma/client.ts';
import { type AttemptLimits } from '../sessions/budgets.ts';
import { type Database } from './database.ts';
import { type GalleryFaultHook } from './fault-points.ts';
import { type AttemptedSplit, type AttemptStore, dayOf, type LimitedSource } from './ports.ts';

/** Whether the row that is there, `a`, allows one attempt more. */
function allowed({ freeFailures, delaySeconds, failuresMax, acceptedPerDayMax }: AttemptLimits, nowMs: number): Prisma.Sql {
  const waited = new Date(nowMs - delaySeconds * 1000);
  return Prisma.sql`a.failures < ${failuresMax} AND (a.failures < ${freeFailures} OR a.last_at <= ${waited}) AND (a.accepted_on <> ${dayOf(nowMs)} OR a.accepted < ${acceptedPerDayMax})`;
}

/** One statement for each call: a round trip and a durable commit is most of what a call takes. All lock a terminal's row before a vendor's, and that before a subject's. */
export class PrismaAttemptStore implements AttemptStore {
  readonly #database: Database;
  readonly #faults: GalleryFaultHook;

  constructor(database: Database, faults: GalleryFaultHook = noFaults) {
    this.#database = database;
    this.#faults = faults;
  }

  /** Of two attempts at once each sees the other, as conflicting rows are locked; an update that the limits forbid returns no row. */
  async begin(terminal: LimitedSource, vendor: LimitedSource, { splitHash, expiresAtMs }: AttemptedSplit, nowMs: number): Promise<'begun' | 'limited' | 'replayed'> {
    const now = new Date(nowMs);
    const day = dayOf(nowMs);
    const [done] = await guarded(
      this.#faults,
      'split.remember',
      () => this.#database.$queryRaw<{ counted: number; remembered: number }[]>`
        WITH counted AS (
          INSERT INTO attempts AS a (id, failures, last_at, accepted, accepted_on) VALUES (${terminal.id}, 1, ${now}, 0, ${day}), (${vendor.id}, 1, ${now}, 0, ${day})
          ON CONFLICT (id) DO UPDATE SET failures = a.failures + 1, last_at = EXCLUDED.last_at
          WHERE CASE WHEN a.id = ${terminal.id} THEN ${allowed(terminal.limits, nowMs)} ELSE ${allowed(vendor.limits, nowMs)} END
          RETURNING id
        ), remembered AS (
          INSERT INTO seen_splits (id, expires_at) SELECT ${splitHash}, ${new Date(expiresAtMs)}::timestamp WHERE (SELECT count(*) FROM counted) = 2
          ON CONFLICT (id) DO NOTHING
          RETURNING id
        )
        SELECT (SELECT count(*)::int FROM counted) AS counted, (SELECT count(*)::int FROM remembered) AS remembered`,
    );
    if (done?.counted !== 2) return 'limited';
    return done.remembered === 1 ? 'begun' : 'replayed';
  }

  async accepted([terminal, vendor, subject]: readonly [string, string, string], nowMs: number): Promise<void> {
    const now = new Date(nowMs);
    const day = dayOf(nowMs);
    await this.#database.$executeRaw`
      INSERT INTO attempts AS a (id, failures, last_at, accepted, accepted_on) VALUES (${terminal}, 0, ${now}, 1, ${day}), (${vendor}, 0, ${now}, 1, ${day}), (${subject}, 0, ${now}, 1, ${day})
      ON CONFLICT (id) DO UPDATE SET failures = 0, accepted = CASE WHEN a.accepted_on = ${day} THEN a.accepted + 1 ELSE 1 END, accepted_on = ${day}`;
  }

  async acceptedToday(id: string, nowMs: number): Promise<number> {
    const [row] = await this.#database.$queryRaw<{ accepted: number }[]>`SELECT accepted FROM attempts WHERE id = ${id} AND accepted_on = ${dayOf(nowMs)}`;
    return row?.accepted ?? 0;
  }

  async forgetOld(beforeMs: number): Promise<void> {
    await this.#database.attempts.deleteMany({ where: { lastAt: { lt: new Date(beforeMs) } } });
  }
}
