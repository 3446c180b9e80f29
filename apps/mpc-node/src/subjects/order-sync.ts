import { type Logger } from '@boop/platform';
import { isBoopError, type PartyId } from '@boop/shared';
import { type Peers } from '../link/peers.ts';
import { type Network } from '../network.ts';
import { type OrderService } from './order-service.ts';
import { isNewer, type SubjectOrders } from './subject-orders.ts';
import { orderName } from './order-store.ts';

const periodMs = 5_000;
const askTimeoutMs = 3_000;
/** Orders in one answer. */
export const ordersPerPage = 512;

/** Takes over orders that were given while this node was down, from one peer at a time. A peer can't invent one: each bears its signatures. */
export class OrderSync {
  readonly #input: { network: Network; peers: Peers; orders: SubjectOrders; service: OrderService; log: Logger };
  #timer: NodeJS.Timeout | undefined;
  #turn = 0;
  #working = false;

  constructor(input: { network: Network; peers: Peers; orders: SubjectOrders; service: OrderService; log: Logger }) {
    this.#input = input;
  }

  start(): void {
    this.#timer = setInterval(() => void this.catchUp(), periodMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async catchUp(): Promise<void> {
    const { network, peers, log } = this.#input;
    const others = peers.live().filter((party) => party !== network.self);
    if (this.#working || others.length === 0) return;
    this.#working = true;
    const peer = others[(this.#turn += 1) % others.length]!;
    try {
      for (let from: number | undefined = 0; from !== undefined; ) from = await this.#takePage(peer, from);
    } catch (error) {
      log.warn('orders not compared', { peer, code: isBoopError(error) ? error.code : 'internal' });
    } finally {
      this.#working = false;
    }
  }

  async #takePage(peer: PartyId, from: number): Promise<number | undefined> {
    const { peers, orders, service, log } = this.#input;
    const page = await peers.request(peer, 'subject.orders', { from }, askTimeoutMs);
    const standing = new Map(orders.all.map((order) => [orderName(order), order]));
    for (const order of page.orders) {
      const own = standing.get(orderName(order));
      if (own && !isNewer(order, own)) continue;
      // One that can't be obeyed here, as of an account that this node has yet to hear of, keeps no other back.
      await service.obey(order).catch((error: unknown) => log.warn('an order of a peer is not obeyed', { peer, code: isBoopError(error) ? error.code : 'internal' }));
    }
    return page.orders.length === ordersPerPage ? from + ordersPerPage : undefined;
  }
}
