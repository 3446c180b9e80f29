import { guarded, noFaults } from '@boop/platform';
import { BoopError } from '@boop/shared';
import { groupKeyNames, groupKeyNameSchema, type GroupKeyName } from '../link/peer-methods.ts';
import { column, type Database } from './database.ts';
import { type GalleryFaultHook } from './fault-points.ts';
import { emptyMap, type KnownMap } from '../signing/log-reading.ts';
import { type CheckpointStore, type KeyStore, type SplitStore, type StoredHead, type StoredKeyShare, type StoredNextKey } from './ports.ts';
import { type Sealer } from './sealer.ts';

export class PrismaSplitStore implements SplitStore {
  readonly #database: Database;
  readonly #faults: GalleryFaultHook;

  constructor(database: Database, faults: GalleryFaultHook = noFaults) {
    this.#database = database;
    this.#faults = faults;
  }

  async remember(splitHash: string, expiresAtMs: number): Promise<boolean> {
    const data = [{ id: splitHash, expiresAt: new Date(expiresAtMs) }];
    const { count } = await guarded(this.#faults, 'split.remember', () => this.#database.seenSplit.createMany({ data, skipDuplicates: true }));
    return count === 1;
  }

  async forgetExpired(nowMs: number): Promise<void> {
    await this.#database.seenSplit.deleteMany({ where: { expiresAt: { lt: new Date(nowMs) } } });
  }
}

/** {@link KeyStore} of the sealer's epoch. */
export class PrismaKeyStore implements KeyStore {
  readonly #database: Database;
  readonly #sealer: Sealer;

  constructor(database: Database, sealer: Sealer) {
    this.#database = database;
    this.#sealer = sealer;
  }

  async load(): Promise<StoredKeyShare[]> {
    const rows = await this.#database.groupKeyShare.findMany({ where: { epoch: this.#sealer.epoch, name: { in: [...groupKeyNames] } } });
    return rows.map(({ name, ceremonyId, share, confirmed }) => ({
      name: groupKeyNameSchema.parse(name),
      ceremonyId,
      share: this.#sealer.open({ table: 'group-key', id: name }, share),
      confirmed,
    }));
  }

  async put({ name, ceremonyId, share }: Omit<StoredKeyShare, 'confirmed'>): Promise<void> {
    const { epoch } = this.#sealer;
    const data = { ceremonyId: column(ceremonyId), share: this.#sealer.seal({ table: 'group-key', id: name }, share), confirmed: false };
    await this.#database.$transaction(async (transaction) => {
      const existing = await transaction.groupKeyShare.findUnique({ where: { epoch_name: { epoch, name } }, select: { confirmed: true } });
      if (existing?.confirmed) throw new BoopError('keys.confirmed', 'this key is in use', { kind: 'fatal' });
      await transaction.groupKeyShare.upsert({ where: { epoch_name: { epoch, name } }, create: { epoch, name, ...data }, update: data });
    });
  }

  async confirm(name: GroupKeyName, ceremonyId: Uint8Array): Promise<void> {
    const { count } = await this.#database.groupKeyShare.updateMany({ where: { epoch: this.#sealer.epoch, name, ceremonyId: column(ceremonyId) }, data: { confirmed: true } });
    if (count !== 1) throw new BoopError('keys.other-ceremony', 'no share of that ceremony is stored here', { kind: 'peer' });
  }

  async loadNext(): Promise<StoredNextKey | undefined> {
    const row = await this.#database.groupKeyShare.findUnique({ where: { epoch_name: { epoch: this.#sealer.epoch, name: nextName } } });
    if (!row) return undefined;
    const { ceremonyId, share, confirmed, takesOverAt } = row;
    return { ceremonyId, share: this.#sealer.open({ table: 'group-key', id: nextName }, share), confirmed, takesOverAt: takesOverAt!.getTime() / 1000 };
  }

  async putNext({ ceremonyId, share, takesOverAt }: Omit<StoredNextKey, 'confirmed'>): Promise<void> {
    const { epoch } = this.#sealer;
    const data = { ceremonyId: column(ceremonyId), share: this.#sealer.seal({ table: 'group-key', id: nextName }, share), confirmed: false, takesOverAt: new Date(takesOverAt * 1000) };
    await this.#database.$transaction(async (transaction) => {
      const existing = await transaction.groupKeyShare.findUnique({ where: { epoch_name: { epoch, name: nextName } }, select: { confirmed: true } });
      if (existing?.confirmed) throw new BoopError('keys.confirmed', 'the next key is made already', { kind: 'fatal' });
      await transaction.groupKeyShare.upsert({ where: { epoch_name: { epoch, name: nextName } }, create: { epoch, name: nextName, ...data }, update: data });
    });
  }

  async confirmNext(ceremonyId: Uint8Array): Promise<void> {
    const { count } = await this.#database.groupKeyShare.updateMany({ where: { epoch: this.#sealer.epoch, name: nextName, ceremonyId: column(ceremonyId) }, data: { confirmed: true } });
    if (count !== 1) throw new BoopError('keys.other-ceremony', 'no share of that ceremony is stored here', { kind: 'peer' });
  }

  async takeOver({ ceremonyId, share }: Pick<StoredNextKey, 'ceremonyId' | 'share'>): Promise<void> {
    const { epoch } = this.#sealer;
    await this.#database.$transaction([
      this.#database.groupKeyShare.update({ where: { epoch_name: { epoch, name: 'token' } }, data: { ceremonyId: column(ceremonyId), share: this.#sealer.seal({ table: 'group-key', id: 'token' }, share) } }),
      this.#database.groupKeyShare.deleteMany({ where: { epoch, name: nextName } }),
    ]);
  }
}

/** Row of the key that signs tokens next. */
const nextName = 'token-next';

const headId = 1;

export class PrismaCheckpointStore implements CheckpointStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async load(): Promise<StoredHead | undefined> {
    const row = await this.#database.checkpointHead.findUnique({ where: { id: headId } });
    return row ? { size: Number(row.size), root: row.root, map: mapOf(row) } : undefined;
  }

  async save({ size, root, map }: StoredHead): Promise<void> {
    const { revision, entry, vrfKey } = map;
    const known = entry === null || vrfKey === undefined ? noMap : { mapRevision: BigInt(revision), mapRoot: column(map.root), mapEntry: BigInt(entry), mapVrfKey: column(vrfKey) };
    const data = { size: BigInt(size), root: column(root), ...known };
    await this.#database.checkpointHead.upsert({ where: { id: headId }, create: { id: headId, ...data }, update: data });
  }
}

const noMap = { mapRevision: null, mapRoot: null, mapEntry: null, mapVrfKey: null };

function mapOf({ mapRevision, mapRoot, mapEntry, mapVrfKey }: { mapRevision: bigint | null; mapRoot: Uint8Array | null; mapEntry: bigint | null; mapVrfKey: Uint8Array | null }): KnownMap {
  if (mapRevision === null || mapRoot === null || mapEntry === null || mapVrfKey === null) return emptyMap();
  return { revision: Number(mapRevision), root: mapRoot, entry: Number(mapEntry), vrfKey: mapVrfKey };
}
