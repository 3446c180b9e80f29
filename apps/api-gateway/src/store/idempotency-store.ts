import { type Prisma } from '../generated/prisma/client.ts';
import { type IdempotencyStore } from '../services/ports.ts';
import { type Database } from './database.ts';

/** Longer than any request takes. */
const abandonedAfterMs = 60_000;
const keptMs = 24 * 60 * 60_000;

export function idempotencyStore(database: Database): IdempotencyStore {
  return {
    async claim(principal, key, bodyHash, nowMs) {
      const now = new Date(nowMs);
      const { count } = await database.idempotencyKey.createMany({ data: [{ principal, key, bodyHash, createdAt: now }], skipDuplicates: true });
      if (count === 1) return { kind: 'mine' };
      const row = await database.idempotencyKey.findUnique({ where: { principal_key: { principal, key } } });
      if (!row) return { kind: 'in-flight' };
      if (row.bodyHash !== bodyHash) return { kind: 'other-body' };
      if (row.statusCode !== null) return { kind: 'done', statusCode: row.statusCode, response: row.response };
      const taken = await database.idempotencyKey.updateMany({
        where: { principal, key, statusCode: null, createdAt: { lte: new Date(nowMs - abandonedAfterMs) } },
        data: { createdAt: now },
      });
      return { kind: taken.count === 1 ? 'mine' : 'in-flight' };
    },
    async complete(principal, key, statusCode, response) {
      await database.idempotencyKey.update({ where: { principal_key: { principal, key } }, data: { statusCode, response: response as Prisma.InputJsonValue } });
    },
    async abandon(principal, key) {
      await database.idempotencyKey.deleteMany({ where: { principal, key, statusCode: null } });
    },
    async prune(nowMs) {
      await database.idempotencyKey.deleteMany({ where: { createdAt: { lt: new Date(nowMs - keptMs) } } });
    },
  };
}
