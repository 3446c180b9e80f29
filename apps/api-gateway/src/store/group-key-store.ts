import { type GroupKeyStore } from '../services/ports.ts';
import { type Database } from './database.ts';

export function groupKeyStore(database: Database): GroupKeyStore {
  return {
    all: () => database.groupKey.findMany({ select: { name: true, suite: true, signers: true, publicKey: true }, orderBy: { name: 'asc' } }),
    async change({ put, remove }) {
      const seenAt = new Date();
      await database.$transaction([
        ...put.map(({ name, suite, signers, publicKey }) => {
          const key = { suite, signers, publicKey, seenAt };
          return database.groupKey.upsert({ where: { name }, create: { name, ...key }, update: key });
        }),
        database.groupKey.deleteMany({ where: { name: { in: [...remove] } } }),
      ]);
    },
    async retire(name, sinceMs) {
      const { count } = await database.groupKey.deleteMany({ where: { name, seenAt: { lt: new Date(sinceMs) } } });
      return count > 0;
    },
  };
}
