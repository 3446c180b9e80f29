import { guarded, noFaults } from '@boop/platform';
import { BoopError, canonicalJson, equalBytes, fromUtf8 } from '@boop/shared';
import { z } from 'zod';
import { type SignedPalmErasure } from '@boop/protocol';
import { emptyDigest, type ErasedAt, foldErased, nextDigest } from '../gallery/digest.ts';
import { type EpochGalleryStore, type StoredRegistration } from '../gallery/gallery-store.ts';
import { type ErasureCause, erasureCauseSchema, galleryHeadSchema, type GalleryHead, registrationCertificateSchema, type RegistrationCertificate, type RegistrationRecord, registrationRecordSchema } from '../link/peer-methods.ts';
import { statisticOf } from '../network.ts';
import { type CopyRows } from './copy-rows.ts';
import { type Database, type DatabaseReader } from './database.ts';
import { type GalleryFaultHook } from './fault-points.ts';
import { type SealedRegistration, sealedRegistrations } from './sealed-registrations.ts';
import { type Sealer } from './sealer.ts';

const version = 1;
const uniqueViolation = 'P2002';
const signaturesSchema = registrationCertificateSchema.shape.signatures;

/** {@link EpochGalleryStore} of the sealer's epoch on PostgreSQL; shares, records and certificates are sealed before they leave the process. */
export class PrismaGalleryStore implements EpochGalleryStore {
  readonly #database: Database;
  readonly #sealer: Sealer;
  readonly #copyRows: CopyRows;
  readonly #faults: GalleryFaultHook;

  /** @param copyRows of the same database */
  constructor(database: Database, sealer: Sealer, copyRows: CopyRows, faults: GalleryFaultHook = noFaults) {
    this.#database = database;
    this.#sealer = sealer;
    this.#copyRows = copyRows;
    this.#faults = faults;
  }

  async *load(): AsyncIterable<StoredRegistration> {
    const stored = (await this.#storedHead(this.#database)) ?? emptyHead;
    const found = new RunningHead(emptyHead);
    for await (const sealed of sealedRegistrations(this.#copyRows, this.#sealer.epoch)) {
      const registration = this.#open(sealed);
      if (registration.certificate) found.add(registration.record, registration.erased !== undefined);
      yield registration;
    }
    if (!equalBytes(canonicalJson(stored), canonicalJson(found.head))) throw tampered();
  }

  async page(fromSlot: number, registrationsMax: number): Promise<StoredRegistration[]> {
    const page = await this.#database.registration.findMany({
      where: { epoch: this.#sealer.epoch, firstSlot: { gte: fromSlot }, certificate: { not: null } },
      orderBy: { firstSlot: 'asc' },
      include: { rows: { orderBy: { slot: 'asc' } } },
      take: registrationsMax,
    });
    return page.map((stored) => this.#open(stored));
  }

  async prepare({ record, shares, preparedAtMs }: Omit<StoredRegistration, 'certificate'>): Promise<void> {
    const data = { ...this.#registration(record, preparedAtMs), rows: { create: shares.map((share, at) => this.#sealShare(record.firstSlot + at, share)) } };
    try {
      await guarded(this.#faults, 'registration.prepare', () => this.#database.registration.create({ data }));
    } catch (error) {
      if ((error as { code?: unknown }).code === uniqueViolation) throw new BoopError('gallery.slot-taken', 'the slot is taken', { kind: 'unavailable' });
      throw error;
    }
  }

  async commit({ record, signatures }: RegistrationCertificate): Promise<void> {
    const { epoch } = this.#sealer;
    const id = record.splitHash;
    const certificate = this.#sealCertificate(id, signatures);
    const write = async (transaction: DatabaseReader): Promise<void> => {
      const { count } = await transaction.registration.updateMany({ where: { epoch, id, certificate: null }, data: { certificate } });
      // A repeated commit has its place in the head already.
      if (count === 1) {
        const retired = record.replaces === undefined ? [] : await this.#deleteRows(transaction, [record.replaces], { replacedBy: id });
        await this.#advance(transaction, (head) => {
          head.add(record, false);
          for (const at of retired) head.erase(at);
        });
      } else await transaction.registration.findUniqueOrThrow({ where: { epoch_id: { epoch, id } }, select: { id: true } });
    };
    await guarded(this.#faults, 'registration.commit', () => this.#database.$transaction(write));
  }

  async erase(splitHashes: readonly string[], request: SignedPalmErasure): Promise<void> {
    const write = async (transaction: DatabaseReader): Promise<void> => {
      const erased = await this.#deleteRows(transaction, splitHashes, request);
      await this.#advance(transaction, (head) => erased.forEach((at) => head.erase(at)));
    };
    await guarded(this.#faults, 'erasure.rows', () => this.#database.$transaction(write));
  }

  async drop(splitHash: string): Promise<boolean> {
    const { epoch } = this.#sealer;
    await guarded(this.#faults, 'registration.drop', () => this.#database.registration.deleteMany({ where: { epoch, id: splitHash, certificate: null } }));
    return (await this.#database.registration.count({ where: { epoch, id: splitHash } })) === 0;
  }

  async addCommitted(registrations: readonly Omit<StoredRegistration, 'preparedAtMs'>[]): Promise<void> {
    const { epoch } = this.#sealer;
    await this.#database.$transaction(async (transaction) => {
      await this.#advance(transaction, (head) => registrations.forEach(({ record, erased }) => head.add(record, erased !== undefined)));
      await transaction.registration.createMany({
        data: registrations.map(({ record, certificate, erased }) => ({
          ...this.#registration(record, 0),
          certificate: this.#sealCertificate(record.splitHash, certificate!.signatures),
          ...(erased && { erasure: this.#sealCause(record.splitHash, erased) }),
        })),
      });
      await transaction.row.createMany({
        data: registrations.flatMap(({ record, shares, erased }) => (erased ? [] : shares).map((share, at) => ({ ...this.#sealShare(record.firstSlot + at, share), epoch, registrationId: record.splitHash }))),
      });
    });
  }

  async head(): Promise<GalleryHead> {
    const { rows, digest, erased } = (await this.#storedHead(this.#database)) ?? emptyHead;
    return { rows, digest: foldErased(digest, rows, erased) };
  }

  /** Of committed registrations. */
  async #deleteRows(transaction: DatabaseReader, splitHashes: readonly string[], cause: ErasureCause): Promise<ErasedAt[]> {
    const { epoch } = this.#sealer;
    const deleted: ErasedAt[] = [];
    for (const id of splitHashes) {
      const { firstSlot } = await transaction.registration.findUniqueOrThrow({ where: { epoch_id: { epoch, id }, certificate: { not: null } }, select: { firstSlot: true } });
      await transaction.row.deleteMany({ where: { epoch, registrationId: id } });
      await transaction.registration.update({ where: { epoch_id: { epoch, id } }, data: { erasure: this.#sealCause(id, cause) } });
      deleted.push({ splitHash: id, firstSlot });
    }
    return deleted;
  }

  async #advance(transaction: DatabaseReader, change: (head: RunningHead) => void): Promise<void> {
    const { epoch } = this.#sealer;
    const next = new RunningHead((await this.#storedHead(transaction)) ?? emptyHead);
    change(next);
    const head = this.#sealer.seal({ table: 'gallery-head', id: '', numbers: [epoch] }, canonicalJson(next.head));
    await transaction.galleryHead.upsert({ where: { epoch }, create: { epoch, head }, update: { head } });
  }

  async #storedHead(reader: DatabaseReader): Promise<StoredHead | undefined> {
    const { epoch } = this.#sealer;
    const stored = await reader.galleryHead.findUnique({ where: { epoch } });
    return stored ? parse(storedHeadSchema, this.#sealer.open({ table: 'gallery-head', id: '', numbers: [epoch] }, stored.head)) : undefined;
  }

  #registration(record: RegistrationRecord, preparedAtMs: number) {
    const id = record.splitHash;
    return { epoch: this.#sealer.epoch, id, firstSlot: record.firstSlot, record: this.#sealer.seal({ table: 'record', id }, canonicalJson(record)), preparedAt: new Date(preparedAtMs) };
  }

  #sealCertificate(id: string, signatures: RegistrationCertificate['signatures']): Uint8Array<ArrayBuffer> {
    return this.#sealer.seal({ table: 'certificate', id }, canonicalJson(signatures));
  }

  #sealCause(id: string, cause: ErasureCause): Uint8Array<ArrayBuffer> {
    return this.#sealer.seal({ table: 'erasure', id }, canonicalJson(cause));
  }

  #sealShare(slot: number, share: Int16Array) {
    const { epoch } = this.#sealer;
    return { slot, version, share: this.#sealer.seal(rowPlace(slot, epoch, version), new Uint8Array(share.buffer, share.byteOffset, share.byteLength)) };
  }

  #open({ id, record: sealedRecord, certificate, erasure, preparedAt, rows }: SealedRegistration): StoredRegistration {
    const record = parse(registrationRecordSchema, this.#sealer.open({ table: 'record', id }, sealedRecord));
    const erased = erasure ? parse(erasureCauseSchema, this.#sealer.open({ table: 'erasure', id }, erasure)) : undefined;
    const placed = record.splitHash === id && rows.length === (erased ? 0 : record.positions.length) && rows.every(({ slot }, at) => slot === record.firstSlot + at);
    if (!placed) throw tampered();
    const shares = erased ? record.positions.map(() => new Int16Array(statisticOf(record.encoder).coordinates)) : rows.map((row) => int16(this.#sealer.open(rowPlace(row.slot, row.epoch, row.version), row.share)));
    const signatures = certificate && parse(signaturesSchema, this.#sealer.open({ table: 'certificate', id }, certificate));
    return { record, shares, certificate: signatures ? { record, signatures } : undefined, preparedAtMs: preparedAt.getTime(), ...(erased && { erased }) };
  }
}

/** Digest of the registrations alone, and which of them were erased. */
const storedHeadSchema = z.strictObject({ ...galleryHeadSchema.shape, erased: z.array(z.strictObject({ splitHash: z.string(), firstSlot: z.number().int() })) });
type StoredHead = z.infer<typeof storedHeadSchema>;
const emptyHead: StoredHead = { rows: 0, digest: emptyDigest, erased: [] };

/** The head as registrations and erasures are added to it. */
class RunningHead {
  #rows: number;
  #digest: string;
  readonly #erased: Map<string, ErasedAt>;

  constructor({ rows, digest, erased }: StoredHead) {
    this.#rows = rows;
    this.#digest = digest;
    this.#erased = new Map(erased.map((at) => [at.splitHash, at]));
  }

  /** @throws BoopError `store.tampered` when the registration does not start at the next slot */
  add(record: RegistrationRecord, isErased: boolean): void {
    if (record.firstSlot !== this.#rows) throw tampered();
    this.#rows += record.positions.length;
    this.#digest = nextDigest(this.#digest, record);
    if (isErased) this.erase(record);
  }

  erase({ splitHash, firstSlot }: ErasedAt): void {
    this.#erased.set(splitHash, { splitHash, firstSlot });
  }

  get head(): StoredHead {
    return { rows: this.#rows, digest: this.#digest, erased: [...this.#erased.values()].sort((a, b) => a.firstSlot - b.firstSlot) };
  }
}

/** Without a copy: what was opened has a buffer of its own. */
const int16 = (bytes: Uint8Array): Int16Array => new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);

/** Additional data of a share at rest: slot, epoch, version. */
const rowPlace = (slot: number, epoch: number, rowVersion: number) => ({ table: 'gallery', id: String(slot), numbers: [slot, epoch, rowVersion] });

function parse<T>(schema: z.ZodType<T>, bytes: Uint8Array): T {
  const parsed = schema.safeParse(JSON.parse(fromUtf8(bytes)));
  if (!parsed.success) throw tampered();
  return parsed.data;
}

const tampered = (): BoopError => new BoopError('store.tampered', 'a stored registration is not what this node wrote', { kind: 'fatal' });
