import { ordererOf, type SignedSubjectOrder } from '@boop/protocol';
import { BoopError, canonicalJson, equalBytes } from '@boop/shared';
import { Mutex } from '../mutex.ts';
import { orderName, type OrderStore } from './order-store.ts';

/** The orders that hold at this node: the newest of each account and orderer. */
export class SubjectOrders {
  readonly #store: OrderStore;
  readonly #newest = new Map<string, SignedSubjectOrder>();
  readonly #mutex = new Mutex();

  constructor(store: OrderStore) {
    this.#store = store;
  }

  async load(): Promise<void> {
    for (const order of await this.#store.load()) this.#newest.set(orderName(order), order);
  }

  get all(): SignedSubjectOrder[] {
    return [...this.#newest.values()];
  }

  ofAccount(accountKey: string): SignedSubjectOrder[] {
    return (['owner', 'custodians'] as const).flatMap((orderer) => this.#newest.get(`${accountKey}/${orderer}`) ?? []);
  }

  suspendedBy(accountKey: string): ('owner' | 'custodians')[] {
    return this.ofAccount(accountKey).flatMap((order) => (order.record.action === 'suspend' ? [ordererOf(order)] : []));
  }

  /** Durable when it returns. May be repeated. @throws BoopError `subject.superseded` */
  async put(order: SignedSubjectOrder): Promise<void> {
    await this.#mutex.run(async () => {
      const name = orderName(order);
      const standing = this.#newest.get(name);
      if (standing && equalBytes(canonicalJson(standing.record), canonicalJson(order.record))) return;
      if (standing && !isNewer(order, standing)) throw new BoopError('subject.superseded', 'a newer order stands');
      await this.#store.put(order);
      this.#newest.set(name, order);
    });
  }
}

/** All nodes must come to the same, in whatever order they hear of them. */
export function isNewer({ record: a }: SignedSubjectOrder, { record: b }: SignedSubjectOrder): boolean {
  if (a.requestedAt !== b.requestedAt) return a.requestedAt > b.requestedAt;
  if (a.action !== b.action) return a.action === 'suspend';
  return a.nonce > b.nonce;
}
