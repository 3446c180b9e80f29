import { formatEntries, type Tile, TILE_WIDTH, type TreeHead } from '@boop/log';
import { toBase64Url } from '@boop/shared';
import { PrismaPg } from '@prisma/adapter-pg';
import { type Prisma, PrismaClient } from '../generated/prisma/client.ts';
import { type Batch, conflict, cutTile, type HashTile, type LogStore, type NewEntry, type PlacedEntry, type PublishedCheckpoint, tileMissing } from './log-store.ts';

type Adapter = NonNullable<ConstructorParameters<typeof PrismaClient>[0]['adapter']>;
type Bytes = Uint8Array<ArrayBuffer>;

const STATE = 1;
const CONNECTIONS = { max: 8, connectionTimeoutMillis: 5_000, statement_timeout: 10_000, query_timeout: 12_000 } as const;
const TRANSACTION_LIMITS = { maxWait: 5_000, timeout: 15_000 } as const;

/** {@link LogStore} on PostgreSQL, whose default `synchronous_commit = on` makes a commit durable. */
export class PrismaLogStore implements LogStore {
  readonly #prisma: PrismaClient;

  constructor(adapter: Adapter) {
    this.#prisma = new PrismaClient({ adapter });
  }

  static open(databaseUrl: string): PrismaLogStore {
    return new PrismaLogStore(new PrismaPg({ connectionString: databaseUrl, ...CONNECTIONS }));
  }

  async close(): Promise<void> {
    await this.#prisma.$disconnect();
  }

  async head(): Promise<TreeHead> {
    const { size, root } = await this.#prisma.logState.findUniqueOrThrow({ where: { id: STATE }, select: { size: true, root: true } });
    return { size: Number(size), root };
  }

  async leafIndexes(hashes: readonly Uint8Array[]): Promise<Map<string, number>> {
    const rows = await this.#prisma.$queryRaw<{ hash: Uint8Array; leafIndex: bigint }[]>`
      SELECT hash, leaf_index AS "leafIndex" FROM entries WHERE hash = ANY(${hashes}::bytea[])`;
    return new Map(rows.map(({ hash, leafIndex }) => [toBase64Url(hash), Number(leafIndex)]));
  }

  async entry(leafIndex: number): Promise<Uint8Array | undefined> {
    return (await this.#prisma.entry.findUnique({ where: { leafIndex: BigInt(leafIndex) }, select: { bytes: true } }))?.bytes;
  }

  async find(hash: Uint8Array): Promise<PlacedEntry | undefined> {
    const [row] = await this.#prisma.$queryRaw<{ leafIndex: bigint; bytes: Uint8Array }[]>`SELECT leaf_index AS "leafIndex", bytes FROM entries WHERE hash = ${hash}`;
    return row && { leafIndex: Number(row.leafIndex), bytes: row.bytes };
  }

  async read(tile: Tile): Promise<Uint8Array> {
    const { level, index, width } = tile;
    if (level !== 'entries') {
      const row = await this.#prisma.tile.findUnique({ where: { level_index: { level, index: BigInt(index) } }, select: { hashes: true } });
      return cutTile(row?.hashes, tile);
    }
    const first = BigInt(index) * BigInt(TILE_WIDTH);
    const rows = await this.#prisma.entry.findMany({
      where: { leafIndex: { gte: first, lt: first + BigInt(width) } },
      orderBy: { leafIndex: 'asc' },
      select: { bytes: true },
    });
    if (rows.length < width) throw tileMissing();
    return formatEntries(rows.map(({ bytes }) => bytes));
  }

  async append({ from, to, entries, tiles }: Batch): Promise<void> {
    await this.#prisma.$transaction(async (transaction) => {
      const { count } = await transaction.logState.updateMany({
        where: { id: STATE, size: BigInt(from.size), root: from.root as Bytes },
        data: { size: BigInt(to.size), root: to.root as Bytes },
      });
      if (count !== 1) throw conflict();
      await insertEntries(transaction, from.size, entries);
      await writeTiles(transaction, tiles);
    }, TRANSACTION_LIMITS);
  }

  async published(): Promise<PublishedCheckpoint | undefined> {
    const [row] = await this.#prisma.$queryRaw<{ size: bigint; root: Uint8Array; note: string; groupKey: Uint8Array }[]>`
      SELECT c.size, c.root, c.note, s.group_key AS "groupKey"
      FROM log_state s JOIN checkpoints c ON c.size = s.published_size WHERE s.id = ${STATE}`;
    return row && { ...row, size: Number(row.size) };
  }

  async publish({ size, root, note, groupKey }: PublishedCheckpoint, replaces: number | undefined): Promise<void> {
    await this.#prisma.$transaction(async (transaction) => {
      await transaction.$executeRaw`INSERT INTO checkpoints (size, root, note) VALUES (${size}, ${root}, ${note}) ON CONFLICT (size) DO NOTHING`;
      const { count } = await transaction.logState.updateMany({
        where: { id: STATE, publishedSize: replaces === undefined ? null : BigInt(replaces), size: { gte: BigInt(size) } },
        data: { publishedSize: BigInt(size), groupKey: groupKey as Bytes },
      });
      // Undoes the insertion too.
      if (count !== 1) throw conflict();
    }, TRANSACTION_LIMITS);
  }

  async checkpoint(size: number): Promise<string | undefined> {
    return (await this.#prisma.checkpoint.findUnique({ where: { size: BigInt(size) }, select: { note: true } }))?.note;
  }
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
