import { BoopError } from '@boop/shared';
import { type ConfigurationInForce, type PvsDocument } from '../domain/pvs-configuration.ts';
import { type Prisma } from '../generated/prisma/client.ts';
import { type Database, type Transaction } from './database.ts';

/** All versions of the terminals' settings. Versions count up; none is ever changed or used twice. */
export interface PvsConfigurationStore {
  /** @throws BoopError `request.not-found` before anything was published */
  inForce(): Promise<ConfigurationInForce>;
  publish(document: PvsDocument): Promise<ConfigurationInForce>;
  /** Withdraws the version in force, so that the one before it is. @throws BoopError `request.conflict` when another is in force, or none came before */
  rollBack(version: number): Promise<ConfigurationInForce>;
  /** What a gateway starts with: publishes its own the first time, and when the network has gone over to another encoder. */
  ensure(standard: PvsDocument): Promise<void>;
}

export function pvsConfigurationStore(database: Database): PvsConfigurationStore {
  const changing = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> =>
    database.$transaction(async (tx) => {
      await tx.$executeRaw`LOCK TABLE pvs_configurations IN EXCLUSIVE MODE`;
      return await work(tx);
    });
  return {
    async inForce() {
      const found = await inForceOf(database);
      if (!found) throw new BoopError('request.not-found', 'there is no configuration yet');
      return found;
    },
    publish: (document) => changing((tx) => add(tx, document)),
    rollBack: (version) =>
      changing(async (tx) => {
        const before = await inForceOf(tx);
        if (before?.version !== version) throw new BoopError('request.conflict', 'another version is in force');
        await tx.pvsConfiguration.update({ where: { version }, data: { withdrawnAt: new Date() } });
        const after = await inForceOf(tx);
        if (!after) throw new BoopError('request.conflict', 'no version came before this one');
        return after;
      }),
    ensure: (standard) =>
      changing(async (tx) => {
        const current = await inForceOf(tx);
        if (current?.document.encoder !== standard.encoder) await add(tx, { ...standard, ...current?.document, encoder: standard.encoder });
      }),
  };
}

async function add(tx: Transaction, document: PvsDocument): Promise<ConfigurationInForce> {
  const version = ((await lastOf(tx)) ?? 0) + 1;
  await tx.pvsConfiguration.create({ data: { version, document: document as Prisma.InputJsonValue } });
  return { version, document };
}

type Reader = Pick<Transaction, 'pvsConfiguration'>;

const lastOf = async (tx: Reader): Promise<number | undefined> => (await tx.pvsConfiguration.findFirst({ orderBy: { version: 'desc' }, select: { version: true } }))?.version;

async function inForceOf(tx: Reader): Promise<ConfigurationInForce | undefined> {
  const row = await tx.pvsConfiguration.findFirst({ where: { withdrawnAt: null }, orderBy: { version: 'desc' } });
  if (!row) return undefined;
  const last = (await lastOf(tx))!;
  const document = row.document as unknown as PvsDocument;
  return { version: row.version, document, ...(last > row.version ? { rollbackOf: last } : {}) };
}
