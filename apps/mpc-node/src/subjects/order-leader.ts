import { type Logger } from '@boop/platform';
import { type SignedSubjectOrder, subjectOrderEntry, verifySubjectOrder } from '@boop/protocol';
import { type Peers } from '../link/peers.ts';
import { type Network } from '../network.ts';
import { type MemberVerifier } from '../sessions/certified.ts';
import { collectReceipts, type Collected } from './collect-receipts.ts';

const askTimeoutMs = 5_000;

/** Has all nodes obey an order, and collects their receipts. */
export class OrderLeader {
  readonly #input: { network: Network; peers: Peers; members: MemberVerifier; log: Logger };

  constructor(input: { network: Network; peers: Peers; members: MemberVerifier; log: Logger }) {
    this.#input = input;
  }

  /** May be repeated until all nodes have signed. @throws BoopError of the order itself; `mpc.nodes-unavailable` when so few obey that the others could still sign for the person */
  async run({ order }: { order: SignedSubjectOrder }): Promise<Collected> {
    const { network, peers, members, log } = this.#input;
    verifySubjectOrder(order, network.manifest);
    const entry = subjectOrderEntry(order.record, network.epoch);
    // Tokens take 2t+1: with N-2t that obey none is signed.
    const needed = Math.max(network.threshold + 1, network.nodes - 2 * network.threshold);
    const collected = await collectReceipts({ network, members, entry, needed, ask: (party) => peers.request(party, 'subject.order', order, askTimeoutMs) });
    log.info('order obeyed', { action: order.record.action, peers: collected.receipts.map(({ party }) => party) });
    return collected;
  }
}
