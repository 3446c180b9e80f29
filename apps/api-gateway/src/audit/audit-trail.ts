import { type AuditEntry } from '@boop/protocol';
import { type AuditEntry as AuditRow, type Prisma } from '../generated/prisma/client.ts';
import { adminEvent } from '../domain/events.ts';
import { type Database } from '../store/database.ts';
import { appendEvents } from '../store/effects.ts';

export interface AuditRecord {
  readonly at: Date;
  readonly requestId: string;
  readonly role: string;
  /** Left out for persons. */
  readonly principal?: string | undefined;
  readonly action: string;
  readonly target?: string | undefined;
  readonly status: number;
}

export interface AuditQuery {
  readonly role?: string | undefined;
  readonly principal?: string | undefined;
  readonly action?: string | undefined;
  readonly target?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** Entries older than this one. */
  readonly before?: bigint | undefined;
}

/** Who did what. Entries are durable, and told to those who subscribed to them, when `append` resolves; the database refuses to change or delete them. */
export interface AuditTrail {
  append(record: AuditRecord): Promise<void>;
  /** Newest first. */
  search(query: AuditQuery, limit: number): Promise<AuditEntry[]>;
}

export function auditTrail(database: Database): AuditTrail {
  return {
    async append({ principal, target, ...record }) {
      await database.$transaction(async (tx) => {
        const row = await tx.auditEntry.create({ data: { ...record, principal: principal ?? null, target: target ?? null } });
        await appendEvents(tx, [adminEvent({ type: 'audit', entry: viewOf(row) })]);
      });
    },
    async search({ role, principal, action, target, from, to, before }, limit) {
      const where: Prisma.AuditEntryWhereInput = {
        ...(role === undefined ? {} : { role }),
        ...(principal === undefined ? {} : { principal }),
        ...(action === undefined ? {} : { action }),
        ...(target === undefined ? {} : { target }),
        ...(from || to ? { at: { ...(from ? { gte: from } : {}), ...(to ? { lt: to } : {}) } } : {}),
        ...(before === undefined ? {} : { id: { lt: before } }),
      };
      return (await database.auditEntry.findMany({ where, orderBy: { id: 'desc' }, take: limit })).map(viewOf);
    },
  };
}

const viewOf = ({ id, at, principal, target, ...row }: AuditRow): AuditEntry => ({
  ...row,
  id: String(id),
  at: at.toISOString(),
  ...(principal === null ? {} : { principal }),
  ...(target === null ? {} : { target }),
});
