import { BoopError, canonicalJson, equalBytes, fromUtf8 } from '@boop/shared';
import { z } from 'zod';
import { type SignedPalmErasure, signedPalmErasureSchema } from '@boop/protocol';
import { emptyDigest, type ErasedAt, foldErased, nextDigest } from '../gallery/digest.ts';
import { type EpochGalleryStore, type StoredRegistration } from '../gallery/gallery-store.ts';
import { galleryHeadSchema, type GalleryHead, registrationCertificateSchema, type RegistrationCertificate, type RegistrationRecord, registrationRecordSchema } from '../link/peer-methods.ts';
import { statisticOf } from '../network.ts';
import { column, type Database, type DatabaseReader } from './database.ts';
import { type Sealer } from './sealer.ts';

const version = 1;
const pageSize = 256;
const uniqueViolation = 'P2002';
const signaturesSchema = registrationCertificateSchema.shape.signatures;

type StoredRow = { slot: number; epoch: number; version: number; share: Uint8Array };
type StoredSealed = { id: string; firstSlot: number; record: Uint8Array; certificate: Uint8Array | null; erasure: Uint8Array | null; preparedAt: Date; rows: StoredRow[] };

/** {@link EpochGalleryStore} of the sealer's epoch on PostgreSQL; shares, records and certificates are sealed before they leave the process. */
export class PrismaGalleryStore implements EpochGalleryStore {
  readonly #database: Database;
  readonly #sealer: Sealer;

  constructor(database: Database, sealer: Sealer) {
    this.#database = database;
    this.#sealer = sealer;
  }

  async load(): Promise<StoredRegistration[]> {
    const loaded: StoredRegistration[] = [];
    for (let after = -1; ; ) {
      const page = await this.#read(after + 1, pageSize, {});
      loaded.push(...page);
      if (page.length < pageSize) break;
      after = page.at(-1)!.record.firstSlot;
    }
    await this.#compareHead(loaded);
    return loaded;
  }

  async page(fromSlot: number, registrationsMax: number): Promise<StoredRegistration[]> {
    return await this.#read(fromSlot, registrationsMax, { certificate: { not: null } });
  }

  async prepare({ record, shares, preparedAtMs }: Omit<StoredRegistration, 'certificate'>): Promise<void> {
    try {
      await this.#database.registration.create({ data: { ...this.#registration(record, preparedAtMs), rows: { create: shares.map((share, at) => this.#sealShare(record.firstSlot + at, share)) } } });
    } catch (error) {
      if ((error as { code?: unknown }).code === uniqueViolation) throw new BoopError('gallery.slot-taken', 'the slot is taken', { kind: 'unavailable' });
      throw error;
    }
  }

  async commit({ record, signatures }: RegistrationCertificate): Promise<void> {
    const { epoch } = this.#sealer;
    const id = record.splitHash;
    await this.#database.$transaction(async (transaction) => {
      const { count } = await transaction.registration.updateMany({ where: { epoch, id, certificate: null }, data: { certificate: this.#sealCertificate(id, signatures) } });
      // A repeated commit has its place in the head already.
      if (count === 1) await this.#advance(transaction, [record]);
      else await transaction.registration.findUniqueOrThrow({ where: { epoch_id: { epoch, id } }, select: { id: true } });
    });
  }

  async erase(splitHashes: readonly string[], request: SignedPalmErasure): Promise<void> {
    const { epoch } = this.#sealer;
    await this.#database.$transaction(async (transaction) => {
      const erased: ErasedAt[] = [];
      for (const id of splitHashes) {
        const { firstSlot } = await transaction.registration.findUniqueOrThrow({ where: { epoch_id: { epoch, id }, certificate: { not: null } }, select: { firstSlot: true } });
        await transaction.row.deleteMany({ where: { epoch, registrationId: id } });
        await transaction.registration.update({ where: { epoch_id: { epoch, id } }, data: { erasure: this.#sealer.seal({ table: 'erasure', id }, canonicalJson(request)) } });
        erased.push({ splitHash: id, firstSlot });
      }
      await this.#advance(transaction, [], erased);
    });
  }

  async drop(splitHash: string): Promise<boolean> {
    const { epoch } = this.#sealer;
    await this.#database.registration.deleteMany({ where: { epoch, id: splitHash, certificate: null } });
    return (await this.#database.registration.count({ where: { epoch, id: splitHash } })) === 0;
  }

  async addCommitted(registrations: readonly Omit<StoredRegistration, 'preparedAtMs'>[]): Promise<void> {
    const { epoch } = this.#sealer;
    await this.#database.$transaction(async (transaction) => {
      const erased = registrations.flatMap((registration) => (registration.erased ? [{ splitHash: registration.record.splitHash, firstSlot: registration.record.firstSlot }] : []));
      await this.#advance(transaction, registrations.map(({ record }) => record), erased);
      await transaction.registration.createMany({
        data: registrations.map(({ record, certificate, erased: request }) => ({
          ...this.#registration(record, 0),
          certificate: this.#sealCertificate(record.splitHash, certificate!.signatures),
          ...(request && { erasure: this.#sealer.seal({ table: 'erasure', id: record.splitHash }, canonicalJson(request)) }),
        })),
      });
      await transaction.row.createMany({
        data: registrations.flatMap(({ record, shares, erased: request }) => (request ? [] : shares).map((share, at) => ({ ...this.#sealShare(record.firstSlot + at, share), epoch, registrationId: record.splitHash }))),
      });
    });
  }

  async head(): Promise<GalleryHead> {
    const { rows, digest, erased } = (await this.#storedHead(this.#database)) ?? emptyHead;
    return { rows, digest: foldErased(digest, rows, erased) };
  }

  async #read(fromSlot: number, take: number, where: object): Promise<StoredRegistration[]> {
    const page = await this.#database.registration.findMany({
      where: { epoch: this.#sealer.epoch, firstSlot: { gte: fromSlot }, ...where },
      orderBy: { firstSlot: 'asc' },
      include: { rows: { orderBy: { slot: 'asc' } } },
      take,
    });
    return page.map((stored) => this.#open(stored));
  }

  /** The head after these registrations, which must be the next ones. */
  async #advance(transaction: DatabaseReader, records: readonly RegistrationRecord[], erased: readonly ErasedAt[] = []): Promise<void> {
    const { epoch } = this.#sealer;
    const next = headAfter((await this.#storedHead(transaction)) ?? emptyHead, records, erased);
    const head = this.#sealer.seal({ table: 'gallery-head', id: '', numbers: [epoch] }, canonicalJson(next));
    await transaction.galleryHead.upsert({ where: { epoch }, create: { epoch, head }, update: { head } });
  }

  async #storedHead(reader: DatabaseReader): Promise<StoredHead | undefined> {
    const { epoch } = this.#sealer;
    const stored = await reader.galleryHead.findUnique({ where: { epoch } });
    return stored ? parse(storedHeadSchema, this.#sealer.open({ table: 'gallery-head', id: '', numbers: [epoch] }, stored.head)) : undefined;
  }

  async #compareHead(loaded: readonly StoredRegistration[]): Promise<void> {
    const committed = loaded.flatMap(({ record, certificate }) => (certificate ? [record] : []));
    const erased = loaded.flatMap((registration) => (registration.erased ? [{ splitHash: registration.record.splitHash, firstSlot: registration.record.firstSlot }] : []));
    const [stored, found] = [(await this.#storedHead(this.#database)) ?? emptyHead, headAfter(emptyHead, committed, erased)];
    if (!equalBytes(canonicalJson(stored), canonicalJson(found))) throw tampered();
  }

  #registration(record: RegistrationRecord, preparedAtMs: number) {
    const id = record.splitHash;
    return { epoch: this.#sealer.epoch, id, firstSlot: record.firstSlot, record: this.#sealer.seal({ table: 'record', id }, canonicalJson(record)), preparedAt: new Date(preparedAtMs) };
  }

  #sealCertificate(id: string, signatures: RegistrationCertificate['signatures']): Uint8Array<ArrayBuffer> {
    return this.#sealer.seal({ table: 'certificate', id }, canonicalJson(signatures));
  }

  #sealShare(slot: number, share: Int16Array) {
    const { epoch } = this.#sealer;
    return { slot, version, share: this.#sealer.seal(rowPlace(slot, epoch, version), new Uint8Array(share.buffer, share.byteOffset, share.byteLength)) };
  }

  #open({ id, record: sealedRecord, certificate, erasure, preparedAt, rows }: StoredSealed): StoredRegistration {
    const record = parse(registrationRecordSchema, this.#sealer.open({ table: 'record', id }, sealedRecord));
    const erased = erasure ? parse(signedPalmErasureSchema, this.#sealer.open({ table: 'erasure', id }, erasure)) : undefined;
    const placed = record.splitHash === id && rows.length === (erased ? 0 : record.positions.length) && rows.every(({ slot }, at) => slot === record.firstSlot + at);
    if (!placed) throw tampered();
    const shares = erased ? record.positions.map(() => new Int16Array(statisticOf(record.encoder).coordinates)) : rows.map((row) => new Int16Array(column(this.#sealer.open(rowPlace(row.slot, row.epoch, row.version), row.share)).buffer));
    const signatures = certificate && parse(signaturesSchema, this.#sealer.open({ table: 'certificate', id }, certificate));
    return { record, shares, certificate: signatures ? { record, signatures } : undefined, preparedAtMs: preparedAt.getTime(), ...(erased && { erased }) };
  }
}

/** Digest of the registrations alone, and which of them were erased. */
const storedHeadSchema = z.strictObject({ ...galleryHeadSchema.shape, erased: z.array(z.strictObject({ splitHash: z.string(), firstSlot: z.number().int() })) });
type StoredHead = z.infer<typeof storedHeadSchema>;
const emptyHead: StoredHead = { rows: 0, digest: emptyDigest, erased: [] };

/** @throws BoopError `store.tampered` when a registration does not start at the next slot */
function headAfter(head: StoredHead, records: readonly RegistrationRecord[], erased: readonly ErasedAt[]): StoredHead {
  const { rows, digest } = records.reduce<Omit<StoredHead, 'erased'>>((before, record) => {
    if (record.firstSlot !== before.rows) throw tampered();
    return { rows: before.rows + record.positions.length, digest: nextDigest(before.digest, record) };
  }, head);
  const all = new Map([...head.erased, ...erased].map(({ splitHash, firstSlot }) => [splitHash, { splitHash, firstSlot }]));
  return { rows, digest, erased: [...all.values()].sort((a, b) => a.firstSlot - b.firstSlot) };
}

/** Additional data of a share at rest: slot, epoch, version. */
const rowPlace = (slot: number, epoch: number, rowVersion: number) => ({ table: 'gallery', id: String(slot), numbers: [slot, epoch, rowVersion] });

function parse<T>(schema: z.ZodType<T>, bytes: Uint8Array): T {
  const parsed = schema.safeParse(JSON.parse(fromUtf8(bytes)));
  if (!parsed.success) throw tampered();
  return parsed.data;
}

const tampered = (): BoopError => new BoopError('store.tampered', 'a stored registration is not what this node wrote', { kind: 'fatal' });
