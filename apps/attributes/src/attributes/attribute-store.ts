import { attributeDocumentHash, ciphertextHash, personIdOf, type SignedAttribute, signedAttributeSchema, verifyAttribute } from '@boop/identity';
import { BoopError, toBase64Url } from '@boop/shared';
import { type Prisma } from '../generated/prisma/client.ts';
import { column, type Database } from '../store/database.ts';

export interface StoredValue {
  readonly signed: SignedAttribute;
  readonly ciphertext: Uint8Array;
  readonly writtenAtMs: number;
}

/** Sealed values by person, attribute and version. A row that is not what its place says, bit by bit, is never handed out. */
export class AttributeStore {
  readonly #database: Database;
  readonly #networkId: string;

  constructor(database: Database, networkId: string) {
    this.#database = database;
    this.#networkId = networkId;
  }

  /** Keeps the first of a version. @throws BoopError `attribute.version-written` for another one */
  async put(signed: SignedAttribute, ciphertext: Uint8Array, opening: Uint8Array, nowMs: number): Promise<Uint8Array> {
    const { attribute, version } = signed.record;
    const personId = personIdOf(this.#networkId, signed.accountKey);
    const data = { personId, attribute, version, document: signed as unknown as Prisma.InputJsonValue, ciphertext: column(ciphertext), opening: column(opening), writtenAt: new Date(nowMs) };
    await this.#database.attributeValue.createMany({ data: [data], skipDuplicates: true });
    const stored = await this.#database.attributeValue.findUniqueOrThrow({ where: { personId_attribute_version: { personId, attribute, version } } });
    if (attributeDocumentHash(this.#open(stored).signed.record) !== attributeDocumentHash(signed.record)) throw new BoopError('attribute.version-written', 'this version is written already');
    return stored.opening;
  }

  /** The value of exactly this document. @throws BoopError `attribute.tampered` when the row is gone or holds anything else */
  async get(place: { personId: string; attribute: string; version: number; document: string }): Promise<StoredValue> {
    const { personId, attribute, version } = place;
    const row = await this.#database.attributeValue.findUnique({ where: { personId_attribute_version: { personId, attribute, version } } });
    if (!row) throw tampered();
    const stored = this.#open(row);
    if (attributeDocumentHash(stored.signed.record) !== place.document) throw tampered();
    return stored;
  }

  /** The newest versions of all attributes of a person, each checked as its row was written; a document that fails is left out and reported. */
  async list(personId: string, onTampered: () => void): Promise<StoredValue[]> {
    const rows = await this.#database.attributeValue.findMany({ where: { personId }, orderBy: [{ attribute: 'asc' }, { version: 'desc' }], distinct: ['attribute'] });
    return rows.flatMap((row) => {
      try {
        const stored = this.#open(row);
        verifyAttribute(stored.signed, { networkId: this.#networkId });
        return [stored];
      } catch {
        onTampered();
        return [];
      }
    });
  }

  /** One more than any version that was published, or belongs to what the person had erased. */
  async nextVersion(personId: string, attribute: string): Promise<number> {
    const [row] = await this.#database.$queryRaw<{ last: number | null }[]>`
      SELECT max(version) AS last FROM feed_entries WHERE person_id = ${personId} AND type = 'attribute' AND (attribute = ${attribute} OR attribute IS NULL)`;
    return (row?.last ?? 0) + 1;
  }

  /** Older versions go once a newer one stands: nobody can be given them any more. */
  async dropBefore(personId: string, attribute: string, version: number): Promise<void> {
    await this.#database.attributeValue.deleteMany({ where: { personId, attribute, version: { lt: version } } });
  }

  async drop(personId: string, attribute: string, version: number): Promise<void> {
    await this.#database.attributeValue.deleteMany({ where: { personId, attribute, version } });
  }

  /** Deletes values, documents and what opens their commitments. @returns how many attributes there were */
  async erase(personId: string): Promise<number> {
    const attributes = await this.#database.attributeValue.groupBy({ by: ['attribute'], where: { personId } });
    await this.#database.$transaction([this.#database.attributeValue.deleteMany({ where: { personId } }), this.#database.releaseEntry.deleteMany({ where: { personId } })]);
    return attributes.length;
  }

  #open(row: { personId: string; attribute: string; version: number; document: unknown; ciphertext: Uint8Array; writtenAt: Date }): StoredValue {
    const parsed = signedAttributeSchema.safeParse(row.document);
    if (!parsed.success) throw tampered();
    const { record, accountKey } = parsed.data;
    const placed = personIdOf(this.#networkId, accountKey) === row.personId && record.attribute === row.attribute && record.version === row.version && ciphertextHash(row.ciphertext) === record.ciphertextHash;
    if (!placed) throw tampered();
    return { signed: parsed.data, ciphertext: row.ciphertext, writtenAtMs: row.writtenAt.getTime() };
  }
}

/** Names a stored value in APIs. */
export const encoded = (ciphertext: Uint8Array): string => toBase64Url(ciphertext);

const tampered = (): BoopError => new BoopError('attribute.tampered', 'the stored value is not the one that was written', { kind: 'fatal', retryAllowed: false });
