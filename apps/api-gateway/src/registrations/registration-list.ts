import { type Principal, type RegistrationStatus } from '@boop/protocol';
import { Prisma } from '../generated/prisma/client.ts';
import { type Database } from '../store/database.ts';

export interface RegistrationQuery {
  readonly status?: RegistrationStatus | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** Where the page before ended. */
  readonly after?: { readonly createdAtMs: number; readonly id: string } | undefined;
}

/** SQL's side of `linkView`: the status of a link and of the session that it opened. */
const statusAt = (now: Date): Prisma.Sql => Prisma.sql`CASE
  WHEN r.state IN ('consent', 'samples', 'running') THEN 'in-progress'
  WHEN r.state = 'done' THEN 'succeeded'
  WHEN r.state IS NOT NULL THEN r.state
  WHEN l.ended_as IS NOT NULL THEN l.ended_as
  WHEN l.expires_at <= ${now} THEN 'expired'
  ELSE 'waiting' END`;

/** Ids of what somebody asked for, newest first. */
export async function listRegistrations(database: Database, creator: Principal, { status, fromMs, toMs, after }: RegistrationQuery, nowMs: number, limit: number): Promise<string[]> {
  const conditions = [
    Prisma.sql`l.creator_role = ${creator.role} AND l.creator_id = ${creator.id}`,
    ...(fromMs === undefined ? [] : [Prisma.sql`l.created_at >= ${new Date(fromMs)}`]),
    ...(toMs === undefined ? [] : [Prisma.sql`l.created_at < ${new Date(toMs)}`]),
    ...(after === undefined ? [] : [Prisma.sql`(l.created_at, l.id) < (${new Date(after.createdAtMs)}, ${after.id})`]),
    ...(status === undefined ? [] : [Prisma.sql`${statusAt(new Date(nowMs))} = ${status}`]),
  ];
  const rows = await database.$queryRaw<{ id: string }[]>`
    SELECT l.id FROM registration_links l LEFT JOIN registrations r ON r.id = l.id
    WHERE ${Prisma.join(conditions, ' AND ')} ORDER BY l.created_at DESC, l.id DESC LIMIT ${limit}`;
  return rows.map(({ id }) => id);
}

const day = 24 * 60 * 60_000;
/** How long the one who invited can read that nothing came of it. */
const keptMs = 30 * day;
/** A session that nobody invited to can be read by nobody once it is over. */
const keptAloneMs = day;
const batch = 5_000;

/**
 * Forgets registrations that are over: those without a link a day after their time, those with one after 30 days unless they succeeded,
 * whose receipts stay. What a run may still decide on stays too, and what has events that a client may come back for.
 */
export async function pruneRegistrations(database: Database, nowMs: number): Promise<void> {
  const [kept, keptAlone] = [new Date(nowMs - keptMs), new Date(nowMs - keptAloneMs)];
  await database.$executeRaw`
    DELETE FROM registrations WHERE ctid IN (
      SELECT r.ctid FROM registrations r LEFT JOIN registration_links l ON l.id = r.id
      WHERE ((l.id IS NULL AND r.expires_at < ${keptAlone} AND r.state IN ('done', 'failed', 'cancelled', 'expired'))
          OR (l.id IS NOT NULL AND r.expires_at < ${kept} AND r.state IN ('failed', 'cancelled', 'expired')))
        AND NOT EXISTS (SELECT 1 FROM channel_streams s WHERE s.stream = 'registration:' || r.id)
      LIMIT ${batch})`;
  await database.$executeRaw`
    DELETE FROM registration_links WHERE ctid IN (
      SELECT l.ctid FROM registration_links l WHERE l.expires_at < ${kept} AND (l.ended_as IS NOT NULL OR l.opened_at IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM registrations r WHERE r.id = l.id) LIMIT ${batch})`;
}
