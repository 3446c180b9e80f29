import { type FaultPoint } from '../faults/fault-points.ts';
import { type Prisma } from '../generated/prisma/client.ts';
import { type Bytes, type Guard } from './database.ts';
import { type Batch, conflict, type HashTile, type NewEntry } from './log-store.ts';

export const LOG_STATE = 1;

/** Extends the tree by compare-and-swap within a transaction of the caller's. @throws BoopError `log.conflict` */
export async function appendBatch(transaction: Prisma.TransactionClient, { from, to, entries, tiles }: Batch, guard: Guard, part: 'append' | 'revision'): Promise<void> {
  const at = (write: 'head' | 'entries' | 'tiles'): FaultPoint => `${part}.${write}`;
  await guard(at('head'), async () => {
    const { count } = await transaction.logState.updateMany({
      where: { id: LOG_STATE, size: BigInt(from.size), root: from.root as Bytes },
      data: { size: BigInt(to.size), root: to.root as Bytes },
    });
    if (count !== 1) throw conflict();
  });
  await guard(at('entries'), () => insertEntries(transaction, from.size, entries));
  await guard(at('tiles'), () => writeTiles(transaction, tiles));
}

/** One statement for all: a row at a time costs three times as much. */
async function insertEntries(transaction: Prisma.TransactionClient, firstIndex: number, entries: readonly NewEntry[]): Promise<void> {
  const indexes = entries.map((_, at) => BigInt(firstIndex + at));
  const hashes = entries.map(({ hash }) => hash);
  const contents = entries.map(({ bytes }) => bytes);
  await transaction.$executeRaw`
    INSERT INTO entries (leaf_index, hash, bytes) SELECT * FROM unnest(${indexes}::bigint[], ${hashes}::bytea[], ${contents}::bytea[])`;
}

async function writeTiles(transaction: Prisma.TransactionClient, tiles: readonly HashTile[]): Promise<void> {
  const levels = tiles.map(({ level }) => level);
  const indexes = tiles.map(({ index }) => BigInt(index));
  const contents = tiles.map(({ hashes }) => hashes);
  await transaction.$executeRaw`
    INSERT INTO tiles (level, index, hashes) SELECT * FROM unnest(${levels}::integer[], ${indexes}::bigint[], ${contents}::bytea[])
    ON CONFLICT (level, index) DO UPDATE SET hashes = EXCLUDED.hashes`;
}
