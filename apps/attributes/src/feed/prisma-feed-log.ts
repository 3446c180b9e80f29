import { createHash } from 'node:crypto';
import { emptyFeedDigest, type FeedDocument, feedDocumentSchema, personOf } from '@boop/identity';
import { BoopError, canonicalJson, toBase64Url } from '@boop/shared';
import { Prisma } from '../generated/prisma/client.ts';
import { gateKey } from '../releases/release-gate.ts';
import { type Database } from '../store/database.ts';
import { type FeedLog, type FeedLogEntry, type FeedPosition } from './feed-log.ts';

const erasable: readonly string[] = ['grant', 'revocation', 'attribute', 'credential', 'credential-status'];

/** {@link FeedLog} on PostgreSQL. */
export class PrismaFeedLog implements FeedLog {
  readonly #database: Database;
  readonly #networkId: string;

  constructor(database: Database, networkId: string) {
    this.#database = database;
    this.#networkId = networkId;
  }

  async head(): Promise<FeedPosition> {
    const row = await this.#database.feedEntry.findFirst({ orderBy: { seq: 'desc' }, select: { seq: true, digest: true } });
    return row ? { seq: Number(row.seq), digest: row.digest } : { seq: 0, digest: emptyFeedDigest };
  }

  async after(seq: number, limit: number): Promise<FeedLogEntry[]> {
    const rows = await this.#database.feedEntry.findMany({ where: { seq: { gt: seq } }, orderBy: { seq: 'asc' }, take: limit });
    const gap = rows.findIndex(({ document }) => document === null);
    return (gap < 0 ? rows : rows.slice(0, gap)).map(entryOf);
  }

  async digestAt(seq: number): Promise<string | undefined> {
    if (seq === 0) return emptyFeedDigest;
    return (await this.#database.feedEntry.findUnique({ where: { seq }, select: { digest: true } }))?.digest;
  }

  async find(document: FeedDocument): Promise<FeedLogEntry | undefined> {
    const row = await this.#database.feedEntry.findUnique({ where: { hash: hashOf(document) } });
    return row?.document ? entryOf(row) : undefined;
  }

  async append({ seq, digest }: FeedPosition, document: FeedDocument): Promise<void> {
    const { type } = document;
    await this.#database.feedEntry.create({
      data: {
        seq,
        digest,
        hash: hashOf(document),
        type,
        personId: personOf(document, this.#networkId),
        consentId: type === 'grant' || type === 'revocation' ? document.document.record.consentId : null,
        attribute: type === 'attribute' ? document.document.record.attribute : null,
        version: type === 'attribute' ? document.document.record.version : null,
        document: document as unknown as Prisma.InputJsonValue,
        receipts: {},
        settled: false,
        publishedAt: new Date(),
      },
    });
  }

  async settle(seq: number, receipts: ReadonlyMap<number, string>): Promise<void> {
    await this.#database.feedEntry.update({ where: { seq }, data: { settled: true, receipts: Object.fromEntries(receipts) } });
  }

  async refuse(seq: number, code: string): Promise<void> {
    await this.#database.feedEntry.update({ where: { seq }, data: { refused: code } });
  }

  async forget(personId: string, readBy: number): Promise<boolean> {
    const erased = await this.#lastErasure(personId);
    const where = { personId, seq: { lte: erased }, type: { in: [...erasable] }, NOT: { document: { equals: Prisma.DbNull } } };
    await this.#database.feedEntry.updateMany({ where: { ...where, seq: { lte: Math.min(erased, readBy) } }, data: { document: Prisma.DbNull, attribute: null, receipts: {} } });
    return (await this.#database.feedEntry.count({ where })) === 0;
  }

  async revoked(): Promise<string[]> {
    const rows = await this.#database.feedEntry.findMany({ where: { type: 'revocation' }, select: { personId: true, consentId: true } });
    return rows.map(({ personId, consentId }) => gateKey(personId, consentId!));
  }

  async toForget(): Promise<string[]> {
    const rows = await this.#database.$queryRaw<{ person_id: string }[]>`
      SELECT DISTINCT kept.person_id FROM feed_entries kept JOIN feed_entries erasure ON erasure.person_id = kept.person_id AND erasure.type = 'erasure' AND erasure.seq > kept.seq
      WHERE kept.document IS NOT NULL AND kept.type <> 'erasure'`;
    return rows.map((row) => row.person_id);
  }

  async #lastErasure(personId: string): Promise<number> {
    const row = await this.#database.feedEntry.findFirst({ where: { personId, type: 'erasure' }, orderBy: { seq: 'desc' }, select: { seq: true } });
    return Number(row?.seq ?? 0);
  }
}

const hashOf = (document: FeedDocument): string => toBase64Url(new Uint8Array(createHash('sha256').update(canonicalJson(document)).digest()));

function entryOf({ seq, digest, document, settled, refused }: { seq: bigint; digest: string; document: unknown; settled: boolean; refused: string | null }): FeedLogEntry {
  const parsed = feedDocumentSchema.safeParse(document);
  if (!parsed.success) throw new BoopError('store.tampered', 'a document of the feed is not what was published', { kind: 'fatal' });
  return { seq: Number(seq), digest, document: parsed.data, settled, refused: refused ?? undefined };
}
