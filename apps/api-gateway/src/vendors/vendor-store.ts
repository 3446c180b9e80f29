import { type Vendor as VendorView, streamOf } from '@boop/protocol';
import { type Database, isUniqueViolation } from '../store/database.ts';
import { ensureStream } from '../store/effects.ts';
import { type Vendor as VendorRow } from '../generated/prisma/client.ts';

export interface NewVendor {
  readonly id: string;
  readonly name: string;
  readonly sector: string;
  readonly authenticationsPerMinute: number;
  readonly operatingPoint?: string | undefined;
  readonly sandbox: boolean;
}

export interface VendorChange {
  readonly name?: string | undefined;
  readonly authenticationsPerMinute?: number | undefined;
  readonly operatingPoint?: string | null | undefined;
  readonly suspendedAt?: Date | null;
}

export interface VersionedVendor {
  readonly vendor: VendorView;
  readonly version: number;
}

/** Vendors as administrators see them. Changes are compare-and-swap on the version. */
export interface VendorStore {
  /** @returns undefined, and changes nothing, when the id is taken */
  create(vendor: NewVendor): Promise<VersionedVendor | undefined>;
  find(id: string): Promise<VersionedVendor | undefined>;
  /** In the order of their ids, after `after`, at most `limit`. */
  list(after: string | undefined, limit: number): Promise<VendorView[]>;
  /** @returns undefined when somebody else was faster */
  change(id: string, version: number, change: VendorChange): Promise<VersionedVendor | undefined>;
}

export function vendorStore(database: Database): VendorStore {
  const find = async (id: string): Promise<VersionedVendor | undefined> => {
    const row = await database.vendor.findUnique({ where: { id } });
    return row ? { vendor: viewOf(row), version: row.version } : undefined;
  };
  return {
    find,
    async create({ operatingPoint, ...vendor }) {
      try {
        return await database.$transaction(async (tx) => {
          const row = await tx.vendor.create({ data: { ...vendor, operatingPoint: operatingPoint ?? null } });
          await ensureStream(tx, streamOf.vendor(vendor.id));
          return { vendor: viewOf(row), version: row.version };
        });
      } catch (error) {
        if (isUniqueViolation(error)) return undefined;
        throw error;
      }
    },
    async list(after, limit) {
      const rows = await database.vendor.findMany({ where: after === undefined ? {} : { id: { gt: after } }, orderBy: { id: 'asc' }, take: limit });
      return rows.map(viewOf);
    },
    async change(id, version, { name, authenticationsPerMinute, operatingPoint, suspendedAt }) {
      const data = {
        ...(name === undefined ? {} : { name }),
        ...(authenticationsPerMinute === undefined ? {} : { authenticationsPerMinute }),
        ...(operatingPoint === undefined ? {} : { operatingPoint }),
        ...(suspendedAt === undefined ? {} : { suspendedAt }),
      };
      const { count } = await database.vendor.updateMany({ where: { id, version }, data: { ...data, version: version + 1 } });
      return count === 1 ? find(id) : undefined;
    },
  };
}

const viewOf = ({ id, name, sector, authenticationsPerMinute, operatingPoint, sandbox, suspendedAt, createdAt }: VendorRow): VendorView => ({
  id,
  name,
  sector,
  authenticationsPerMinute,
  ...(operatingPoint === null ? {} : { operatingPoint }),
  sandbox,
  status: suspendedAt === null ? 'active' : 'suspended',
  createdAt: createdAt.toISOString(),
});
