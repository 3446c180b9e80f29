import { authenticationContextSchema } from '@boop/identity';
import { createAuthenticationSchema } from '@boop/protocol';
import { type AuthenticationOutcome, type AuthenticationRecord, type AuthenticationResult, type AuthenticationStatus, staleProcessingMs } from '../domain/authentication-record.ts';
import { type AuthenticationRow, Prisma } from '../generated/prisma/client.ts';
import { type AuthenticationQuery, type AuthenticationStore, type Versioned } from '../services/ports.ts';
import { type Database, isUniqueViolation, LostRace, type Transaction, unlessRaced } from './database.ts';
import { paymentViewOf } from '../payments/payment-rows.ts';
import { PaymentStore } from '../payments/payment-store.ts';
import { hasEffects, writeEffects } from './effects.ts';

export function authenticationStore(database: Database): AuthenticationStore {
  const payments = new PaymentStore(database);
  const withPayment = async (found: Versioned<AuthenticationRecord>): Promise<Versioned<AuthenticationRecord>> => {
    const { record } = found;
    const payment = record.context.type === 'payment' ? await payments.latest(record.vendorId, record.id) : undefined;
    return payment ? { ...found, record: { ...record, payment: paymentViewOf(payment) } } : found;
  };
  return {
    async create(transition) {
      const { record } = transition;
      try {
        await database.$transaction(async (tx) => {
          await tx.authenticationRow.create({ data: { vendorId: record.vendorId, id: record.id, version: 1, ...fixedColumns(record), ...changingColumns(record) } });
          await writeEffects(tx, transition);
        });
        return true;
      } catch (error) {
        if (isUniqueViolation(error)) return false;
        throw error;
      }
    },

    async find(vendorId, id) {
      const row = await database.authenticationRow.findUnique({ where: { vendorId_id: { vendorId, id } } });
      return row ? await withPayment(versioned(row)) : undefined;
    },

    save: (version, transition) =>
      unlessRaced(async () => {
        const { vendorId, id } = transition.record;
        const change = async (tx: Pick<Transaction, 'authenticationRow'>): Promise<void> => {
          const { count } = await tx.authenticationRow.updateMany({ where: { vendorId, id, version }, data: { version: version + 1, ...changingColumns(transition.record) } });
          if (count !== 1) throw new LostRace();
        };
        // One statement is a transaction: nobody waits for two more round trips.
        if (!hasEffects(transition)) return await change(database);
        await database.$transaction(async (tx) => {
          await change(tx);
          await writeEffects(tx, transition);
        });
      }),

    async due(nowMs, limit) {
      const rows = await database.authenticationRow.findMany({
        where: {
          expiresAt: { lte: new Date(nowMs) },
          OR: [{ status: 'pending' }, { status: 'processing', processingSince: { lte: new Date(nowMs - staleProcessingMs) } }],
        },
        orderBy: { expiresAt: 'asc' },
        take: limit,
      });
      return rows.map(versioned);
    },

    async list(vendorId, query, limit) {
      const rows = await database.authenticationRow.findMany({ where: { vendorId, AND: whereOf(query) }, orderBy: [{ createdAt: 'desc' }, { id: 'desc' }], take: limit });
      return rows.map((row) => versioned(row).record);
    },

    async openOf(terminalId, nowMs) {
      const rows = await database.authenticationRow.findMany({ where: { terminalId, status: 'pending', expiresAt: { gt: new Date(nowMs) } }, orderBy: { createdAt: 'asc' }, take: 100 });
      return rows.map((row) => versioned(row).record);
    },
  };
}

function whereOf({ status, type, terminalId, reference, fromMs, toMs, after }: AuthenticationQuery): Prisma.AuthenticationRowWhereInput[] {
  const createdAt = after && new Date(after.createdAtMs);
  return [
    ...(status === undefined ? [] : [{ status }]),
    ...(terminalId === undefined ? [] : [{ terminalId }]),
    ...(type === undefined ? [] : [{ request: { path: ['type'], equals: type } }]),
    ...(reference === undefined ? [] : [{ request: { path: ['reference'], equals: reference } }]),
    ...(fromMs === undefined ? [] : [{ createdAt: { gte: new Date(fromMs) } }]),
    ...(toMs === undefined ? [] : [{ createdAt: { lt: new Date(toMs) } }]),
    ...(after && createdAt ? [{ OR: [{ createdAt: { lt: createdAt } }, { createdAt, id: { lt: after.id } }] }] : []),
  ];
}

const json = (value: object): Prisma.InputJsonValue => value as Prisma.InputJsonValue;

const fixedColumns = (record: AuthenticationRecord) => ({
  sessionId: record.sessionId,
  terminalId: record.context.terminalId ?? null,
  requestHash: record.requestHash,
  request: json(record.request),
  context: json(record.context),
  link: record.link,
  createdAt: new Date(record.createdAtMs),
  expiresAt: new Date(record.expiresAtMs),
});

const changingColumns = (record: AuthenticationRecord) => ({
  status: record.status,
  result: record.result ? json(record.result) : Prisma.DbNull,
  outcome: record.outcome ? json(record.outcome) : Prisma.DbNull,
  processingSince: record.processingSinceMs === undefined ? null : new Date(record.processingSinceMs),
});

function versioned(row: AuthenticationRow): Versioned<AuthenticationRecord> {
  const record: AuthenticationRecord = {
    id: row.id,
    vendorId: row.vendorId,
    sessionId: row.sessionId,
    status: row.status as AuthenticationStatus,
    request: createAuthenticationSchema.parse(row.request),
    requestHash: row.requestHash,
    context: authenticationContextSchema.parse(row.context),
    link: row.link,
    ...(row.result === null ? {} : { result: row.result as unknown as AuthenticationResult }),
    ...(row.outcome === null ? {} : { outcome: row.outcome as unknown as AuthenticationOutcome }),
    createdAtMs: row.createdAt.getTime(),
    expiresAtMs: row.expiresAt.getTime(),
    ...(row.processingSince === null ? {} : { processingSinceMs: row.processingSince.getTime() }),
  };
  return { record, version: row.version };
}
