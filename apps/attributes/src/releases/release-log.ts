import { type RecordGrant } from '@boop/identity';
import { type ReleaseLogEntry } from '@boop/protocol';
import { type Database } from '../store/database.ts';

/** Who was handed what, and when: one row a release, written before it is answered. No values. */
export class ReleaseLog {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Durable when it resolves. @returns false when something was released on that basis before */
  async add({ personId, basis, attribute, version, by, consentId, vendorId }: RecordGrant, atMs: number): Promise<boolean> {
    const data = { personId, basis, attribute, version, by, consentId: consentId ?? null, vendorId: vendorId ?? null, at: new Date(atMs) };
    const { count } = await this.#database.releaseEntry.createMany({ data: [data], skipDuplicates: true });
    return count === 1;
  }

  /** Newest first. @param before milliseconds */
  async of(personId: string, { before, limit }: { before?: number | undefined; limit: number }): Promise<ReleaseLogEntry[]> {
    const rows = await this.#database.releaseEntry.findMany({ where: { personId, ...(before !== undefined && { at: { lt: new Date(before) } }) }, orderBy: [{ at: 'desc' }, { basis: 'asc' }], take: limit });
    return rows.map(({ basis, at, attribute, version, by, consentId, vendorId }) => ({
      releaseId: basis,
      at: at.getTime(),
      attribute,
      version,
      by: by === 'palm' ? 'palm' : 'device',
      ...(consentId !== null && { consentId }),
      ...(vendorId !== null && { vendorId }),
    }));
  }
}
