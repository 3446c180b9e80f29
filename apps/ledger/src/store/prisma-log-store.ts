import { formatEntries, type Tile, TILE_WIDTH, type TreeHead } from '@boop/log';
import { toBase64Url } from '@boop/shared';
import { appendBatch, LOG_STATE } from './append-batch.ts';
import { type Bytes, type LedgerDatabase } from './database.ts';
import { type Batch, conflict, cutTile, type LogStore, type PlacedEntry, type PublishedCheckpoint, type ServedCheckpoint, type StoredCheckpoint, tileMissing } from './log-store.ts';

/** {@link LogStore} on PostgreSQL. */
export class PrismaLogStore implements LogStore {
  readonly #database: LedgerDatabase;

  constructor(database: LedgerDatabase) {
    this.#database = database;
  }

  get #prisma(): LedgerDatabase['prisma'] {
    return this.#database.prisma;
  }

  async head(): Promise<TreeHead> {
    const { size, root } = await this.#prisma.logState.findUniqueOrThrow({ where: { id: LOG_STATE }, select: { size: true, root: true } });
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
    const [row] = await this.#database.prepared<{ leafIndex: string; bytes: Uint8Array }>('find-entry', 'SELECT leaf_index AS "leafIndex", bytes FROM entries WHERE hash = $1', [hash]);
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

  async append(batch: Batch): Promise<void> {
    const { guard } = this.#database;
    await this.#database.transact('append.commit', (transaction) => appendBatch(transaction, batch, guard, 'append'));
  }

  async published(): Promise<ServedCheckpoint | undefined> {
    const [row] = await this.#prisma.$queryRaw<{ size: bigint; root: Uint8Array; note: string; groupKey: Uint8Array; cosignatures: string[] }[]>`
      SELECT c.size, c.root, c.note, s.group_key AS "groupKey", ARRAY(SELECT line FROM cosignatures o WHERE o.size = c.size ORDER BY vkey) AS cosignatures
      FROM log_state s JOIN checkpoints c ON c.size = s.published_size WHERE s.id = ${LOG_STATE}`;
    return row && { ...row, size: Number(row.size) };
  }

  async publish({ size, root, note, groupKey }: PublishedCheckpoint, replaces: number | undefined): Promise<void> {
    const { guard } = this.#database;
    await this.#database.transact('publish.commit', async (transaction) => {
      await guard('publish.note', () => transaction.$executeRaw`INSERT INTO checkpoints (size, root, note) VALUES (${size}, ${root}, ${note}) ON CONFLICT (size) DO NOTHING`);
      await guard('publish.state', async () => {
        const { count } = await transaction.logState.updateMany({
          where: { id: LOG_STATE, publishedSize: replaces === undefined ? null : BigInt(replaces), size: { gte: BigInt(size) } },
          data: { publishedSize: BigInt(size), groupKey: groupKey as Bytes },
        });
        // Undoes the insertion too.
        if (count !== 1) throw conflict();
      });
    });
  }

  async cosign(size: number, vkey: string, line: string): Promise<void> {
    await this.#database.guard(
      'cosignatures.insert',
      () => this.#prisma.$executeRaw`
        INSERT INTO cosignatures (size, vkey, line) VALUES (${BigInt(size)}, ${vkey}, ${line}) ON CONFLICT (size, vkey) DO UPDATE SET line = EXCLUDED.line`,
    );
  }

  async checkpoint(size: number): Promise<string | undefined> {
    return (await this.#prisma.checkpoint.findUnique({ where: { size: BigInt(size) }, select: { note: true } }))?.note;
  }

  async checkpoints(after: number, limit: number): Promise<StoredCheckpoint[]> {
    const rows = await this.#prisma.$queryRaw<{ size: bigint; root: Uint8Array; note: string }[]>`
      SELECT c.size, c.root, c.note FROM checkpoints c JOIN log_state s ON c.size <= s.published_size
      WHERE s.id = ${LOG_STATE} AND c.size > ${BigInt(after)} ORDER BY c.size LIMIT ${limit}`;
    return rows.map((row) => ({ ...row, size: Number(row.size) }));
  }
}
