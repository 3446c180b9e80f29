import { type GroupKeyStore } from '../services/ports.ts';
import { type Database } from './database.ts';

export function groupKeyStore(database: Database): GroupKeyStore {
  return {
    all: () => database.groupKey.findMany({ select: { name: true, suite: true, signers: true, publicKey: true }, orderBy: { name: 'asc' } }),
    async pin(keys) {
      await database.groupKey.createMany({ data: keys.map(({ name, suite, signers, publicKey }) => ({ name, suite, signers, publicKey })), skipDuplicates: true });
    },
  };
}
