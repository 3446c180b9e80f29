import { guarded, noFaults } from '@boop/platform';
import { entryReceiptSchema } from '@boop/protocol';
import { z } from 'zod';
import { type OutboxStore } from '../services/ports.ts';
import { type Database } from './database.ts';
import { type RegistrationFaultHook } from './fault-points.ts';

const keptMs = 24 * 60 * 60_000;

export function outboxStore(database: Database, faults: RegistrationFaultHook = noFaults): OutboxStore {
  return {
    async due(nowMs, limit) {
      const rows = await database.logOutbox.findMany({ where: { acknowledgedAt: null, nextAttemptAt: { lte: new Date(nowMs) } }, orderBy: { id: 'asc' }, take: limit });
      return rows.map(({ id, entryHash, entry, receipts, attempts }) => ({ id, entryHash, entry, receipts: z.array(entryReceiptSchema).parse(receipts), attempts }));
    },
    async acknowledge(id, leafIndex, nowMs) {
      const data = { acknowledgedAt: new Date(nowMs), leafIndex: BigInt(leafIndex) };
      await guarded(faults, 'outbox.acknowledge', () => database.logOutbox.update({ where: { id }, data }));
    },
    async postpone(id, untilMs) {
      await database.logOutbox.update({ where: { id }, data: { attempts: { increment: 1 }, nextAttemptAt: new Date(untilMs) } });
    },
    async prune(nowMs) {
      await database.logOutbox.deleteMany({ where: { acknowledgedAt: { lt: new Date(nowMs - keptMs) } } });
    },
    async holds(entryHash) {
      return (await database.logOutbox.count({ where: { entryHash, acknowledgedAt: null } })) > 0;
    },
    waiting: () => database.logOutbox.count({ where: { acknowledgedAt: null } }),
  };
}
