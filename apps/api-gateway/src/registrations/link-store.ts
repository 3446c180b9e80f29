import { type Position } from '@boop/identity';
import { type Principal } from '@boop/protocol';
import { type Transition } from '../domain/events.ts';
import { endOfRegistration, type RegistrationRecord } from '../domain/registration.ts';
import { type RegistrationLink as Row } from '../generated/prisma/client.ts';
import { type Database, LostRace, unlessRaced } from '../store/database.ts';
import { insertRegistration } from '../store/registration-store.ts';
import { writeWebhookEvents } from '../webhooks/write-webhook-events.ts';
import { listRegistrations, type RegistrationQuery } from './registration-list.ts';
import { type RegistrationLink } from './registration-link.ts';

export interface RegistrationLinkStore {
  create(link: RegistrationLink): Promise<void>;
  find(id: string): Promise<RegistrationLink | undefined>;
  /** Newest first. */
  list(creator: Principal, query: RegistrationQuery, nowMs: number, limit: number): Promise<RegistrationLink[]>;
  /** Marks the link as opened and stores the session that it opens; false when it was opened or ended meanwhile. */
  open(id: string, session: Transition<RegistrationRecord>): Promise<boolean>;
  /** Ends a link that nobody opened; false when it was opened or ended meanwhile. */
  end(link: RegistrationLink, as: 'cancelled' | 'expired', nowMs: number): Promise<boolean>;
  /** Links whose time is over and that nobody opened. */
  due(nowMs: number, limit: number): Promise<RegistrationLink[]>;
}

const waiting = { openedAt: null, endedAs: null };

export function registrationLinkStore(database: Database): RegistrationLinkStore {
  return {
    async create({ id, creator, secretHash, positions, locale, createdAtMs, expiresAtMs }) {
      await database.registrationLink.create({
        data: { id, creatorRole: creator.role, creatorId: creator.id, secretHash: new Uint8Array(secretHash), positions: [...positions], locale: locale ?? null, createdAt: new Date(createdAtMs), expiresAt: new Date(expiresAtMs) },
      });
    },

    async find(id) {
      const row = await database.registrationLink.findUnique({ where: { id } });
      return row ? linkOf(row) : undefined;
    },

    async list(creator, query, nowMs, limit) {
      const ids = await listRegistrations(database, creator, query, nowMs, limit);
      const rows = new Map((await database.registrationLink.findMany({ where: { id: { in: ids } } })).map((row) => [row.id, row]));
      return ids.flatMap((id) => rows.get(id) ?? []).map(linkOf);
    },

    open: (id, session) =>
      unlessRaced(() =>
        database.$transaction(async (tx) => {
          const { count } = await tx.registrationLink.updateMany({ where: { id, ...waiting }, data: { openedAt: new Date(session.record.createdAtMs) } });
          if (count !== 1) throw new LostRace();
          await insertRegistration(tx, session);
        }),
      ),

    end: ({ id, creator }, as, nowMs) =>
      unlessRaced(() =>
        database.$transaction(async (tx) => {
          const { count } = await tx.registrationLink.updateMany({ where: { id, ...waiting }, data: { endedAs: as } });
          if (count !== 1) throw new LostRace();
          await writeWebhookEvents(tx, endOfRegistration(creator.role === 'vendor' ? creator.id : undefined, id, as, nowMs));
        }),
      ),

    async due(nowMs, limit) {
      return (await database.registrationLink.findMany({ where: { ...waiting, expiresAt: { lte: new Date(nowMs) } }, orderBy: { expiresAt: 'asc' }, take: limit })).map(linkOf);
    },
  };
}

const linkOf = (row: Row): RegistrationLink => ({
  id: row.id,
  creator: { role: row.creatorRole as Principal['role'], id: row.creatorId },
  secretHash: row.secretHash,
  positions: row.positions as Position[],
  ...(row.locale === null ? {} : { locale: row.locale }),
  createdAtMs: row.createdAt.getTime(),
  expiresAtMs: row.expiresAt.getTime(),
  ...(row.openedAt === null ? {} : { openedAtMs: row.openedAt.getTime() }),
  ...(row.endedAs === null ? {} : { endedAs: row.endedAs as 'cancelled' | 'expired' }),
});
