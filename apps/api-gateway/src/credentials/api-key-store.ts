import { type ApiKey as ApiKeyRow, type Prisma } from '../generated/prisma/client.ts';
import { type Database } from '../store/database.ts';
import { type KeyRole } from './api-key.ts';

export interface StoredKey {
  readonly id: string;
  readonly role: KeyRole;
  readonly principal: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly expiresAt?: Date;
}

export interface ApiKeyStore {
  create(key: { hash: Uint8Array<ArrayBuffer>; id: string; role: KeyRole; principal: string; name: string; createdAt: Date; expiresAt?: Date | undefined }): Promise<StoredKey>;
  /** Keys that still open something, in the order of their ids. @param owner all keys when not given */
  list(owner: { role: KeyRole; principal: string } | undefined, now: Date, after: string | undefined, limit: number): Promise<StoredKey[]>;
  find(id: string, now: Date): Promise<StoredKey | undefined>;
  /** @returns false when there is no such key that still opens something */
  revoke(id: string, now: Date): Promise<boolean>;
  /** Ends a key at a moment, never later than it would have ended. */
  endAt(id: string, end: Date): Promise<void>;
  /** How many keys of this principal still open something. */
  count(role: KeyRole, principal: string, now: Date): Promise<number>;
}

const live = (now: Date) => ({ revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] });

export function apiKeyStore(database: Database): ApiKeyStore {
  return {
    async create({ principal, expiresAt, ...key }) {
      return stored(await database.apiKey.create({ data: { ...key, principalId: principal, expiresAt: expiresAt ?? null } }));
    },
    async list(owner, now, after, limit) {
      const where: Prisma.ApiKeyWhereInput = { ...live(now), ...(owner ? { role: owner.role, principalId: owner.principal } : {}), ...(after === undefined ? {} : { id: { gt: after } }) };
      return (await database.apiKey.findMany({ where, orderBy: { id: 'asc' }, take: limit })).map(stored);
    },
    async find(id, now) {
      const row = await database.apiKey.findFirst({ where: { id, ...live(now) } });
      return row ? stored(row) : undefined;
    },
    async revoke(id, now) {
      return (await database.apiKey.updateMany({ where: { id, ...live(now) }, data: { revokedAt: now } })).count === 1;
    },
    async endAt(id, end) {
      await database.apiKey.updateMany({ where: { id, OR: [{ expiresAt: null }, { expiresAt: { gt: end } }] }, data: { expiresAt: end } });
    },
    count: (role, principal, now) => database.apiKey.count({ where: { role, principalId: principal, ...live(now) } }),
  };
}

const stored = ({ id, role, principalId, name, createdAt, expiresAt }: ApiKeyRow): StoredKey => ({ id, role: role as KeyRole, principal: principalId, name, createdAt, ...(expiresAt === null ? {} : { expiresAt }) });
