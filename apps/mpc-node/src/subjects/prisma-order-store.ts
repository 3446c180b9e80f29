import { createHash } from 'node:crypto';
import { guarded, noFaults } from '@boop/platform';
import { type SignedSubjectOrder, signedSubjectOrderSchema } from '@boop/protocol';
import { BoopError, canonicalJson, fromUtf8, toBase64Url } from '@boop/shared';
import { type Database } from '../store/database.ts';
import { type Sealer } from '../store/sealer.ts';
import { type SubjectFaultHook } from './fault-points.ts';
import { orderName, type OrderStore } from './order-store.ts';

/** {@link OrderStore} on PostgreSQL, sealed under the key that outlives epochs: an order holds in all of them. */
export class PrismaOrderStore implements OrderStore {
  readonly #database: Database;
  readonly #sealer: Sealer;
  readonly #faults: SubjectFaultHook;

  constructor(database: Database, sealer: Sealer, faults: SubjectFaultHook = noFaults) {
    this.#database = database;
    this.#sealer = sealer;
    this.#faults = faults;
  }

  async load(): Promise<SignedSubjectOrder[]> {
    const rows = await this.#database.subjectOrder.findMany();
    return rows.map(({ id, sealed }) => {
      const parsed = signedSubjectOrderSchema.safeParse(JSON.parse(fromUtf8(this.#sealer.open({ table: 'subject-order', id }, sealed))));
      if (!parsed.success || idOf(parsed.data) !== id) throw new BoopError('store.tampered', 'a stored order is not what this node wrote', { kind: 'fatal' });
      return parsed.data;
    });
  }

  async put(order: SignedSubjectOrder): Promise<void> {
    const id = idOf(order);
    const sealed = this.#sealer.seal({ table: 'subject-order', id }, canonicalJson(order));
    await guarded(this.#faults, 'order.put', () => this.#database.subjectOrder.upsert({ where: { id }, create: { id, sealed }, update: { sealed } }));
  }
}

const idOf = (order: SignedSubjectOrder): string => toBase64Url(new Uint8Array(createHash('sha256').update(orderName(order)).digest()));
