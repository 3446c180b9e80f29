import { epochCertificateSchema, type EpochCertificate, networkManifestSchema, type NetworkManifest } from '@boop/protocol';
import { BoopError, fromBase64Url } from '@boop/shared';
import { column, type Database, type DatabaseReader } from '../store/database.ts';
import { type EpochState, type EpochStore, type StoredEpoch } from './epoch-store.ts';
import { guarded, noFaults } from '@boop/platform';
import { type FaultHook } from './fault-points.ts';

/** {@link EpochStore} on PostgreSQL. */
export class PrismaEpochStore implements EpochStore {
  readonly #database: Database;
  readonly #faults: FaultHook;

  constructor(database: Database, faults: FaultHook = noFaults) {
    this.#database = database;
    this.#faults = faults;
  }

  async load(): Promise<StoredEpoch[]> {
    const rows = await this.#database.epoch.findMany({ orderBy: { epoch: 'asc' } });
    return rows.map(({ epoch, state, attempt, manifest, certificate }) => ({
      epoch,
      state: state as EpochState,
      attempt,
      manifest: networkManifestSchema.parse(manifest),
      certificate: certificate === null ? undefined : epochCertificateSchema.parse(certificate),
    }));
  }

  async begin(epoch: number, attempt: Uint8Array, manifest: NetworkManifest): Promise<void> {
    await guarded(this.#faults, 'epoch.begin', async () =>
      await this.#database.$transaction(async (transaction) => {
        const existing = await transaction.epoch.findUnique({ where: { epoch }, select: { state: true } });
        if (existing?.state === 'committed') throw new BoopError('epoch.committed', 'this node serves that epoch already', { kind: 'peer' });
        await deleteShares(transaction, epoch);
        const data = { state: 'preparing', attempt: column(attempt), manifest };
        await transaction.epoch.upsert({ where: { epoch }, create: { epoch, ...data }, update: data });
      }),
    );
  }

  async move(epoch: number, attempt: Uint8Array, from: readonly EpochState[], to: 'signed' | 'stopped'): Promise<void> {
    await guarded(this.#faults, to === 'signed' ? 'epoch.signed' : 'epoch.stopped', async () => {
      const { count } = await this.#database.epoch.updateMany({ where: { epoch, attempt: column(attempt), state: { in: [...from] } }, data: { state: to } });
      if (count !== 1) throw otherAttempt();
    });
  }

  async commit(certificate: EpochCertificate): Promise<void> {
    const { to: epoch, attempt } = certificate.readiness;
    await guarded(this.#faults, 'epoch.commit', async () => {
      const { count } = await this.#database.epoch.updateMany({ where: { epoch, attempt: column(fromBase64Url(attempt)) }, data: { state: 'committed', certificate } });
      if (count !== 1) throw otherAttempt();
    });
  }

  async erase(epoch: number): Promise<void> {
    await guarded(this.#faults, 'epoch.erase', async () =>
      await this.#database.$transaction(async (transaction) => {
        await deleteShares(transaction, epoch);
        await transaction.dataKey.deleteMany({ where: { epoch } });
      }),
    );
  }

  async remaining(): Promise<number[]> {
    return (await this.#database.dataKey.findMany({ orderBy: { epoch: 'asc' }, select: { epoch: true } })).map(({ epoch }) => epoch);
  }
}

async function deleteShares(transaction: DatabaseReader, epoch: number): Promise<void> {
  await transaction.registration.deleteMany({ where: { epoch } });
  await transaction.galleryHead.deleteMany({ where: { epoch } });
  await transaction.groupKeyShare.deleteMany({ where: { epoch } });
}

const otherAttempt = (): BoopError => new BoopError('epoch.other-attempt', 'this node is not at that step of that attempt', { kind: 'peer' });
