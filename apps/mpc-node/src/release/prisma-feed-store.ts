import { createHash } from 'node:crypto';
import { emptyFeedDigest } from '@boop/identity';
import { BoopError, canonicalJson, fromUtf8, toBase64Url } from '@boop/shared';
import { type Fact, type FactChange, factName, factOwner, factSchema, type FeedHead, type FeedStore } from '../consents/facts.ts';
import { type Database } from '../store/database.ts';
import { type Sealer } from '../store/sealer.ts';

const headId = 1;
const pageSize = 1_000;

/** {@link FeedStore} on PostgreSQL. Facts are sealed, and their names hashed: the database tells neither persons nor vendors. */
export class PrismaFeedStore implements FeedStore {
  readonly #database: Database;
  readonly #sealer: Sealer;

  constructor(database: Database, sealer: Sealer) {
    this.#database = database;
    this.#sealer = sealer;
  }

  async load(): Promise<{ head: FeedHead; facts: Fact[] }> {
    const row = await this.#database.feedHead.findUnique({ where: { id: headId } });
    const facts: Fact[] = [];
    for (let after = ''; ; ) {
      const page = await this.#database.feedFact.findMany({ where: { id: { gt: after } }, orderBy: { id: 'asc' }, take: pageSize });
      for (const { id, sealed } of page) facts.push(this.#open(id, sealed));
      if (page.length < pageSize) break;
      after = page.at(-1)!.id;
    }
    return { head: row ? { seq: Number(row.seq), digest: row.digest } : { seq: 0, digest: emptyFeedDigest }, facts };
  }

  async apply({ seq, digest }: FeedHead, { forget, put }: FactChange): Promise<void> {
    const head = { seq: BigInt(seq), digest };
    await this.#database.$transaction([
      ...(forget ? [this.#database.feedFact.deleteMany({ where: { owner: { in: [hashOf(forget.personId), hashOf(forget.accountKey)] } } })] : []),
      ...put.map((fact) => {
        const id = hashOf(factName(fact));
        const data = { owner: hashOf(factOwner(fact)), sealed: this.#sealer.seal({ table: 'feed-fact', id }, canonicalJson(fact)) };
        return this.#database.feedFact.upsert({ where: { id }, create: { id, ...data }, update: data });
      }),
      this.#database.feedHead.upsert({ where: { id: headId }, create: { id: headId, ...head }, update: head }),
    ]);
  }

  async answer(basis: string, expiresAtMs: number): Promise<boolean> {
    const { count } = await this.#database.answeredRequest.createMany({ data: [{ id: basis, expiresAt: new Date(expiresAtMs) }], skipDuplicates: true });
    return count === 1;
  }

  async forgetAnswered(nowMs: number): Promise<void> {
    await this.#database.answeredRequest.deleteMany({ where: { expiresAt: { lt: new Date(nowMs) } } });
  }

  #open(id: string, sealed: Uint8Array): Fact {
    const parsed = factSchema.safeParse(JSON.parse(fromUtf8(this.#sealer.open({ table: 'feed-fact', id }, sealed))));
    if (!parsed.success || hashOf(factName(parsed.data)) !== id) throw new BoopError('store.tampered', 'a stored fact is not what this node wrote', { kind: 'fatal' });
    return parsed.data;
  }
}

const hashOf = (name: string): string => toBase64Url(new Uint8Array(createHash('sha256').update(name).digest()));
