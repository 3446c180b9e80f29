import { consentTextSchema, registrationContextSchema, signedConsentSchema } from '@boop/identity';
import { guarded, noFaults } from '@boop/platform';
import { registrationReceiptSchema, type RegistrationState } from '@boop/protocol';
import { type Transition } from '../domain/events.ts';
import { type RegistrationRecord, staleRunMs } from '../domain/registration.ts';
import { Prisma, type RegistrationRow } from '../generated/prisma/client.ts';
import { type RegistrationStore, type Versioned } from '../services/ports.ts';
import { type Database, LostRace, type Transaction, unlessRaced } from './database.ts';
import { writeEffects } from './effects.ts';
import { type RegistrationFaultHook, type RegistrationFaultPoint } from './fault-points.ts';

const pointOf: Record<RegistrationState, RegistrationFaultPoint> = {
  consent: 'session.open',
  samples: 'session.samples',
  running: 'session.running',
  done: 'session.done',
  failed: 'session.ended',
  cancelled: 'session.ended',
  expired: 'session.ended',
};

export function registrationStore(database: Database, faults: RegistrationFaultHook = noFaults): RegistrationStore {
  return {
    async create(transition) {
      await guarded(faults, pointOf[transition.record.state], () => database.$transaction((tx) => insertRegistration(tx, transition)));
    },

    async find(id) {
      const row = await database.registrationRow.findUnique({ where: { id } });
      return row ? versioned(row) : undefined;
    },

    async findAll(ids) {
      return (await database.registrationRow.findMany({ where: { id: { in: [...ids] } } })).map((row) => versioned(row).record);
    },

    async save(version, transition) {
      const write = async (tx: Transaction): Promise<void> => {
        const { count } = await tx.registrationRow.updateMany({ where: { id: transition.record.id, version }, data: { version: version + 1, ...changingColumns(transition.record) } });
        if (count !== 1) throw new LostRace();
        await writeEffects(tx, transition);
      };
      return await unlessRaced(() => guarded(faults, pointOf[transition.record.state], () => database.$transaction(write)));
    },

    async due(nowMs, limit) {
      const rows = await database.registrationRow.findMany({
        where: {
          OR: [
            { state: { in: ['consent', 'samples'] }, expiresAt: { lte: new Date(nowMs) } },
            { state: 'running', runningSince: { lte: new Date(nowMs - staleRunMs) } },
          ],
        },
        orderBy: { expiresAt: 'asc' },
        take: limit,
      });
      return rows.map(versioned);
    },
  };
}

/** Stores a new session in a transaction that changes something else as well. */
export async function insertRegistration(tx: Transaction, transition: Transition<RegistrationRecord>): Promise<void> {
  await tx.registrationRow.create({ data: { id: transition.record.id, version: 1, ...fixedColumns(transition.record), ...changingColumns(transition.record) } });
  await writeEffects(tx, transition);
}

const json = (value: object): Prisma.InputJsonValue => value as Prisma.InputJsonValue;

const fixedColumns = (record: RegistrationRecord) => ({
  secretHash: new Uint8Array(record.secretHash),
  vendorId: record.vendorId ?? null,
  context: json(record.context),
  consentText: json(record.consentText),
  createdAt: new Date(record.createdAtMs),
  expiresAt: new Date(record.expiresAtMs),
});

const changingColumns = (record: RegistrationRecord) => ({
  state: record.state,
  consent: record.consent ? json(record.consent) : Prisma.DbNull,
  samples: json(record.samples),
  receipt: record.receipt ? json(record.receipt) : Prisma.DbNull,
  runningSince: record.runningSinceMs === undefined ? null : new Date(record.runningSinceMs),
});

function versioned(row: RegistrationRow): Versioned<RegistrationRecord> {
  const record: RegistrationRecord = {
    id: row.id,
    secretHash: row.secretHash,
    ...(row.vendorId === null ? {} : { vendorId: row.vendorId }),
    state: row.state as RegistrationState,
    context: registrationContextSchema.parse(row.context),
    consentText: consentTextSchema.parse(row.consentText),
    ...(row.consent === null ? {} : { consent: signedConsentSchema.parse(row.consent) }),
    samples: row.samples as RegistrationRecord['samples'],
    ...(row.receipt === null ? {} : { receipt: registrationReceiptSchema.parse(row.receipt) }),
    createdAtMs: row.createdAt.getTime(),
    expiresAtMs: row.expiresAt.getTime(),
    ...(row.runningSince === null ? {} : { runningSinceMs: row.runningSince.getTime() }),
  };
  return { record, version: row.version };
}
