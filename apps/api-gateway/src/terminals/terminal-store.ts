import { streamOf, type Terminal as TerminalView } from '@boop/protocol';
import { type Terminal as TerminalRow } from '../generated/prisma/client.ts';
import { type Database, isUniqueViolation } from '../store/database.ts';
import { ensureStream } from '../store/effects.ts';

export interface Pairing {
  readonly id: string;
  readonly deviceKey: string;
  readonly keyHash: Uint8Array<ArrayBuffer>;
  readonly codeHash: Uint8Array<ArrayBuffer>;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly terminalId?: string;
  readonly vendorId?: string;
}

/** Terminals as their vendors see them, and those that wait to be paired. */
export interface TerminalStore {
  openPairing(pairing: Pairing): Promise<void>;
  pairing(id: string): Promise<Pairing | undefined>;
  /** The pairing that waits under a code. */
  waiting(codeHash: Uint8Array<ArrayBuffer>, now: Date): Promise<Pairing | undefined>;
  /**
   * Terminal, its key and its event stream, at once.
   * @returns undefined, and changes nothing, when the terminal's id or key is taken or somebody else was faster
   */
  pair(pairing: Pairing, terminal: { id: string; vendorId: string; name: string; keyId: string }, now: Date): Promise<TerminalView | undefined>;
  find(id: string): Promise<TerminalView | undefined>;
  list(vendorId: string | undefined, after: string | undefined, limit: number): Promise<TerminalView[]>;
  setSuspended(id: string, at: Date | null): Promise<void>;
  /** For good; the terminal's keys are revoked at once. */
  unpair(id: string, at: Date): Promise<void>;
  prune(now: Date): Promise<void>;
}

class Taken extends Error {}

export function terminalStore(database: Database): TerminalStore {
  const withVendor = async (row: Awaited<ReturnType<typeof database.pairing.findUnique>>): Promise<Pairing | undefined> => {
    if (!row) return undefined;
    const { terminalId, ...pairing } = row;
    if (terminalId === null) return pairing;
    const { vendorId } = await database.terminal.findUniqueOrThrow({ where: { id: terminalId }, select: { vendorId: true } });
    return { ...pairing, terminalId, vendorId };
  };
  return {
    async openPairing({ terminalId, vendorId, ...pairing }) {
      await database.pairing.create({ data: pairing });
    },
    pairing: async (id) => withVendor(await database.pairing.findUnique({ where: { id } })),
    waiting: async (codeHash, now) => withVendor(await database.pairing.findFirst({ where: { codeHash, terminalId: null, expiresAt: { gt: now } } })),
    async pair({ id: pairingId, deviceKey, keyHash }, { keyId, ...terminal }, now) {
      try {
        return await database.$transaction(async (tx) => {
          const row = await tx.terminal.create({ data: { ...terminal, deviceKey, createdAt: now } });
          const { count } = await tx.pairing.updateMany({ where: { id: pairingId, terminalId: null }, data: { terminalId: terminal.id } });
          if (count !== 1) throw new Taken();
          await tx.apiKey.create({ data: { id: keyId, hash: keyHash, role: 'terminal', principalId: terminal.id, createdAt: now } });
          await ensureStream(tx, streamOf.pvs(terminal.id));
          return viewOf(row);
        });
      } catch (error) {
        if (error instanceof Taken || isUniqueViolation(error)) return undefined;
        throw error;
      }
    },
    async find(id) {
      const row = await database.terminal.findUnique({ where: { id } });
      return row ? viewOf(row) : undefined;
    },
    async list(vendorId, after, limit) {
      const where = { ...(vendorId === undefined ? {} : { vendorId }), ...(after === undefined ? {} : { id: { gt: after } }) };
      return (await database.terminal.findMany({ where, orderBy: { id: 'asc' }, take: limit })).map(viewOf);
    },
    async setSuspended(id, suspendedAt) {
      await database.terminal.updateMany({ where: { id, unpairedAt: null }, data: { suspendedAt } });
    },
    async unpair(id, at) {
      await database.$transaction([
        database.terminal.updateMany({ where: { id, unpairedAt: null }, data: { unpairedAt: at } }),
        database.apiKey.updateMany({ where: { role: 'terminal', principalId: id, revokedAt: null }, data: { revokedAt: at } }),
      ]);
    },
    async prune(now) {
      await database.pairing.deleteMany({ where: { expiresAt: { lt: new Date(now.getTime() - 24 * 60 * 60_000) } } });
    },
  };
}

const viewOf = ({ id, vendorId, name, deviceKey, suspendedAt, unpairedAt, createdAt }: TerminalRow): TerminalView => ({
  id,
  vendorId,
  name,
  deviceKey,
  status: unpairedAt !== null ? 'unpaired' : suspendedAt !== null ? 'suspended' : 'active',
  createdAt: createdAt.toISOString(),
});
