import { BoopError, canonicalJson, fromUtf8 } from '@boop/shared';
import { type z } from 'zod';
import { type GalleryStore, type StoredRegistration } from '../gallery/gallery-store.ts';
import { registrationCertificateSchema, type RegistrationCertificate, registrationRecordSchema } from '../link/peer-methods.ts';
import { column, type Database } from './database.ts';
import { type Sealer } from './sealer.ts';

const version = 1;
const pageSize = 256;
const uniqueViolation = 'P2002';
const signaturesSchema = registrationCertificateSchema.shape.signatures;

type StoredRow = { slot: number; epoch: number; version: number; share: Uint8Array };
type StoredSealed = { id: string; firstSlot: number; record: Uint8Array; certificate: Uint8Array | null; preparedAt: Date; rows: StoredRow[] };

/** {@link GalleryStore} on PostgreSQL; shares, records and certificates are sealed before they leave the process. */
export class PrismaGalleryStore implements GalleryStore {
  readonly #database: Database;
  readonly #sealer: Sealer;

  constructor(database: Database, sealer: Sealer) {
    this.#database = database;
    this.#sealer = sealer;
  }

  async load(): Promise<StoredRegistration[]> {
    const loaded: StoredRegistration[] = [];
    for (let after = -1; ; ) {
      const page = await this.#database.registration.findMany({
        where: { firstSlot: { gt: after } },
        orderBy: { firstSlot: 'asc' },
        include: { rows: { orderBy: { slot: 'asc' } } },
        take: pageSize,
      });
      loaded.push(...page.map((stored) => this.#open(stored)));
      if (page.length < pageSize) return loaded;
      after = page.at(-1)!.firstSlot;
    }
  }

  async prepare({ record, shares, preparedAtMs }: Omit<StoredRegistration, 'certificate'>): Promise<void> {
    const id = record.splitHash;
    try {
      await this.#database.registration.create({
        data: {
          id,
          firstSlot: record.firstSlot,
          record: this.#sealer.seal({ table: 'record', id }, canonicalJson(record)),
          preparedAt: new Date(preparedAtMs),
          rows: { create: shares.map((share, at) => this.#sealShare(record.firstSlot + at, share)) },
        },
      });
    } catch (error) {
      if ((error as { code?: unknown }).code === uniqueViolation) throw new BoopError('gallery.slot-taken', 'the slot is taken', { kind: 'unavailable' });
      throw error;
    }
  }

  async commit({ record, signatures }: RegistrationCertificate): Promise<void> {
    const id = record.splitHash;
    const certificate = this.#sealer.seal({ table: 'certificate', id }, canonicalJson(signatures));
    await this.#database.registration.update({ where: { id }, data: { certificate } });
  }

  async drop(splitHash: string): Promise<boolean> {
    await this.#database.registration.deleteMany({ where: { id: splitHash, certificate: null } });
    return (await this.#database.registration.count({ where: { id: splitHash } })) === 0;
  }

  #sealShare(slot: number, share: Int16Array) {
    const { epoch } = this.#sealer;
    return { slot, epoch, version, share: this.#sealer.seal(rowPlace(slot, epoch, version), new Uint8Array(share.buffer, share.byteOffset, share.byteLength)) };
  }

  #open({ id, record: sealedRecord, certificate, preparedAt, rows }: StoredSealed): StoredRegistration {
    const record = parse(registrationRecordSchema, this.#sealer.open({ table: 'record', id }, sealedRecord));
    const placed = record.splitHash === id && rows.length === record.positions.length && rows.every(({ slot }, at) => slot === record.firstSlot + at);
    if (!placed) throw tampered();
    const shares = rows.map((row) => new Int16Array(column(this.#sealer.open(rowPlace(row.slot, row.epoch, row.version), row.share)).buffer));
    const signatures = certificate && parse(signaturesSchema, this.#sealer.open({ table: 'certificate', id }, certificate));
    return { record, shares, certificate: signatures ? { record, signatures } : undefined, preparedAtMs: preparedAt.getTime() };
  }
}

/** Additional data of a share at rest: slot, epoch, version. */
const rowPlace = (slot: number, epoch: number, rowVersion: number) => ({ table: 'gallery', id: String(slot), numbers: [slot, epoch, rowVersion] });

function parse<T>(schema: z.ZodType<T>, bytes: Uint8Array): T {
  const parsed = schema.safeParse(JSON.parse(fromUtf8(bytes)));
  if (!parsed.success) throw tampered();
  return parsed.data;
}

const tampered = (): BoopError => new BoopError('store.tampered', 'a stored registration is not what this node wrote', { kind: 'fatal' });
