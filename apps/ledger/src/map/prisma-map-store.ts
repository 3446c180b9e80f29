import { type MapNodeRef } from '@boop/log';
import { BoopError, toBase64Url } from '@boop/shared';
import { type Prisma } from '../generated/prisma/client.ts';
import { appendBatch } from '../store/append-batch.ts';
import { type LedgerDatabase } from '../store/database.ts';
import { conflict } from '../store/log-store.ts';
import { type MapStore, type NewRevision, type StoredMutation, type StoredOpening, type StoredRevision, type WaitingMutation } from './map-store.ts';

interface RevisionRow {
  readonly revision: bigint;
  readonly root: Uint8Array;
  readonly leafIndex: bigint;
  readonly vrfKey: Uint8Array;
}

/** {@link MapStore} on PostgreSQL, in the database of the log, so that one transaction covers both. */
export class PrismaMapStore implements MapStore {
  readonly #database: LedgerDatabase;

  constructor(database: LedgerDatabase) {
    this.#database = database;
  }

  get #prisma(): LedgerDatabase['prisma'] {
    return this.#database.prisma;
  }

  async read(refs: readonly MapNodeRef[]): Promise<Uint8Array[]> {
    if (refs.length === 0) return [];
    const hashes = refs.map(({ hash }) => hash);
    const rows = await this.#prisma.$queryRaw<{ hash: Uint8Array; bytes: Uint8Array }[]>`SELECT hash, bytes FROM map_nodes WHERE hash = ANY(${hashes}::bytea[])`;
    const found = new Map(rows.map(({ hash, bytes }) => [toBase64Url(hash), bytes]));
    return hashes.map((hash) => {
      const bytes = found.get(toBase64Url(hash));
      if (bytes === undefined) throw new BoopError('map.node-missing', 'a node of the map is not stored', { kind: 'fatal' });
      return bytes;
    });
  }

  async newest(): Promise<StoredRevision | undefined> {
    return await this.newestUnder(Number.MAX_SAFE_INTEGER);
  }

  async newestUnder(logSize: number): Promise<StoredRevision | undefined> {
    const rows = await this.#prisma.$queryRaw<RevisionRow[]>`
      SELECT revision, root, leaf_index AS "leafIndex", vrf_key AS "vrfKey" FROM map_revisions WHERE leaf_index < ${BigInt(logSize)} ORDER BY leaf_index DESC LIMIT 1`;
    return rows.map(revisionOf)[0];
  }

  async revisions(after: number, limit: number): Promise<StoredRevision[]> {
    const rows = await this.#prisma.$queryRaw<RevisionRow[]>`
      SELECT revision, root, leaf_index AS "leafIndex", vrf_key AS "vrfKey" FROM map_revisions WHERE revision > ${after} ORDER BY revision LIMIT ${limit}`;
    return rows.map(revisionOf);
  }

  async transition(revision: number): Promise<Uint8Array | undefined> {
    const [row] = await this.#prisma.$queryRaw<{ transition: Uint8Array }[]>`SELECT transition FROM map_revisions WHERE revision = ${revision}`;
    return row?.transition;
  }

  async mutation(index: Uint8Array, version: number): Promise<StoredMutation | undefined> {
    const [row] = await this.#prisma.$queryRaw<{ bytes: Uint8Array; revision: bigint | null }[]>`
      SELECT bytes, revision FROM mutations WHERE map_index = ${index} AND version = ${version}`;
    return row && { bytes: row.bytes, revision: row.revision === null ? undefined : Number(row.revision) };
  }

  async history(index: Uint8Array, revision: number): Promise<Uint8Array[]> {
    const rows = await this.#prisma.$queryRaw<{ bytes: Uint8Array }[]>`
      SELECT bytes FROM mutations WHERE map_index = ${index} AND revision <= ${revision} ORDER BY version`;
    return rows.map(({ bytes }) => bytes);
  }

  async enqueue({ index, version, bytes }: { index: Uint8Array; version: number; bytes: Uint8Array }, opening: StoredOpening | undefined): Promise<StoredMutation> {
    await this.#database.transact('mutation.commit', async (transaction) => {
      const added = await this.#database.guard(
        'mutation.insert',
        () => transaction.$executeRaw`INSERT INTO mutations (map_index, version, bytes) VALUES (${index}, ${version}, ${bytes}) ON CONFLICT (map_index, version) DO NOTHING`,
      );
      if (added === 0 || !opening) return;
      await this.#database.guard(
        'mutation.opening',
        () => transaction.$executeRaw`
          INSERT INTO openings (map_index, version, label, opening, value) VALUES (${index}, ${version}, ${opening.label}, ${opening.opening}, ${opening.value})`,
      );
    });
    return (await this.mutation(index, version))!;
  }

  async waiting(limit: number): Promise<WaitingMutation[]> {
    const rows = await this.#prisma.$queryRaw<{ sequence: bigint; index: Uint8Array; version: bigint; bytes: Uint8Array; previous: Uint8Array | null }[]>`
      SELECT m.sequence, m.map_index AS index, m.version, m.bytes, p.bytes AS previous
      FROM mutations m LEFT JOIN mutations p ON p.map_index = m.map_index AND p.version = m.version - 1
      WHERE m.revision IS NULL AND (m.version = 0 OR p.revision IS NOT NULL) ORDER BY m.sequence LIMIT ${limit}`;
    return rows.map(({ sequence, index, version, bytes, previous }) => ({ sequence: Number(sequence), index, version: Number(version), bytes, previous: previous ?? undefined }));
  }

  async countWaiting(limit: number): Promise<number> {
    const [row] = await this.#prisma.$queryRaw<{ count: bigint }[]>`
      SELECT count(*) AS count FROM (SELECT 1 FROM mutations WHERE revision IS NULL LIMIT ${limit}) AS waiting`;
    return Number(row!.count);
  }

  async countApplied(revision: number): Promise<number> {
    const [row] = await this.#prisma.$queryRaw<{ count: bigint }[]>`SELECT count(*) AS count FROM mutations WHERE revision <= ${BigInt(revision)}`;
    return Number(row!.count);
  }

  async commit({ revision, root, leafIndex, vrfKey, transition, nodes, mutations, batch }: NewRevision): Promise<void> {
    const { guard } = this.#database;
    await this.#database.transact('revision.commit', async (transaction) => {
      await appendBatch(transaction, batch, guard, 'revision');
      await guard('revision.nodes', () => writeNodes(transaction, nodes));
      await guard('revision.mutations', async () => {
        if ((await markApplied(transaction, revision, mutations)) !== mutations.length) throw conflict();
      });
      await guard(
        'revision.record',
        () => transaction.$executeRaw`
          INSERT INTO map_revisions (revision, root, leaf_index, vrf_key, transition) VALUES (${revision}, ${root}, ${leafIndex}, ${vrfKey}, ${transition})`,
      );
    });
  }

  async opening(index: Uint8Array, version: number): Promise<StoredOpening | undefined> {
    const [row] = await this.#prisma.$queryRaw<StoredOpening[]>`SELECT label, opening, value FROM openings WHERE map_index = ${index} AND version = ${version}`;
    return row;
  }

  async erase(index: Uint8Array): Promise<number> {
    return await this.#database.guard('openings.delete', () => this.#prisma.$executeRaw`DELETE FROM openings WHERE map_index = ${index}`);
  }
}

const revisionOf = ({ revision, root, leafIndex, vrfKey }: RevisionRow): StoredRevision => ({ revision: Number(revision), root, leafIndex: Number(leafIndex), vrfKey });

async function writeNodes(transaction: Prisma.TransactionClient, nodes: NewRevision['nodes']): Promise<void> {
  const hashes = nodes.map(({ hash }) => hash);
  const contents = nodes.map(({ bytes }) => bytes);
  // A node that an older revision has as well is the same one.
  await transaction.$executeRaw`
    INSERT INTO map_nodes (hash, bytes) SELECT * FROM unnest(${hashes}::bytea[], ${contents}::bytea[]) ON CONFLICT (hash) DO NOTHING`;
}

async function markApplied(transaction: Prisma.TransactionClient, revision: number, mutations: NewRevision['mutations']): Promise<number> {
  const indexes = mutations.map(({ index }) => index);
  const versions = mutations.map(({ version }) => BigInt(version));
  return await transaction.$executeRaw`
    UPDATE mutations m SET revision = ${revision} FROM unnest(${indexes}::bytea[], ${versions}::bigint[]) AS applied(map_index, version)
    WHERE m.map_index = applied.map_index AND m.version = applied.version AND m.revision IS NULL`;
}
