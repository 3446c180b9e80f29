import { type Prisma } from '../generated/prisma/client.ts';
import { type Database } from '../store/database.ts';

export interface OrderRow {
  readonly id: string;
  readonly document: Uint8Array;
  readonly createdBy: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly endedAs?: 'done' | 'refused' | 'expired';
  readonly outcome?: unknown;
  readonly signatures: readonly { readonly party: number; readonly signature: string }[];
}

type NewOrder = Omit<OrderRow, 'endedAs' | 'outcome' | 'signatures'>;

/** Contract: signatures are only ever added; an order ends once. */
export interface CustodianOrderStore {
  create(order: NewOrder): Promise<void>;
  find(id: string): Promise<OrderRow | undefined>;
  /** Newest first. */
  list(after: { createdAtMs: number; id: string } | undefined, limit: number): Promise<OrderRow[]>;
  /** Orders that have not ended, oldest first. */
  waiting(limit: number): Promise<OrderRow[]>;
  addSignature(id: string, signature: { party: number; signature: string }): Promise<void>;
  end(id: string, as: 'done' | 'refused' | 'expired', outcome: object | undefined): Promise<void>;
}

const withSignatures = { include: { signatures: { orderBy: { party: 'asc' } } } } as const;
type Row = Prisma.CustodianOrderGetPayload<typeof withSignatures>;

export function custodianOrderStore(database: Database): CustodianOrderStore {
  return {
    async create({ id, document, createdBy, createdAtMs, expiresAtMs }) {
      await database.custodianOrder.create({ data: { id, document: new Uint8Array(document), createdBy, createdAt: new Date(createdAtMs), expiresAt: new Date(expiresAtMs) } });
    },
    async find(id) {
      const row = await database.custodianOrder.findUnique({ where: { id }, ...withSignatures });
      return row ? orderOf(row) : undefined;
    },
    async list(after, limit) {
      const createdAt = after && new Date(after.createdAtMs);
      const where = createdAt ? { OR: [{ createdAt: { lt: createdAt } }, { createdAt, id: { lt: after.id } }] } : {};
      return (await database.custodianOrder.findMany({ where, orderBy: [{ createdAt: 'desc' }, { id: 'desc' }], take: limit, ...withSignatures })).map(orderOf);
    },
    async waiting(limit) {
      return (await database.custodianOrder.findMany({ where: { endedAs: null }, orderBy: [{ createdAt: 'asc' }, { id: 'asc' }], take: limit, ...withSignatures })).map(orderOf);
    },
    async addSignature(orderId, { party, signature }) {
      await database.custodianSignature.createMany({ data: [{ orderId, party, signature }], skipDuplicates: true });
    },
    async end(id, endedAs, outcome) {
      await database.custodianOrder.updateMany({ where: { id, endedAs: null }, data: { endedAs, ...(outcome && { outcome: outcome as Prisma.InputJsonValue }) } });
    },
  };
}

const orderOf = ({ id, document, createdBy, createdAt, expiresAt, endedAs, outcome, signatures }: Row): OrderRow => ({
  id,
  document,
  createdBy,
  createdAtMs: createdAt.getTime(),
  expiresAtMs: expiresAt.getTime(),
  ...(endedAs === null ? {} : { endedAs: endedAs as 'done' | 'refused' | 'expired' }),
  ...(outcome === null ? {} : { outcome }),
  signatures: signatures.map(({ party, signature }) => ({ party, signature })),
});
