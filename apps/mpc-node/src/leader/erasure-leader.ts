import { type Logger } from '@boop/platform';
import { palmErasureEntry, type nodeMethods, verifyPalmErasure } from '@boop/protocol';
import { type z } from 'zod';
import { type Peers } from '../link/peers.ts';
import { type Network } from '../network.ts';
import { type MemberVerifier } from '../sessions/certified.ts';
import { collectReceipts } from '../subjects/collect-receipts.ts';

type Method = (typeof nodeMethods)['subject.erase'];

const askTimeoutMs = 10_000;

/** Has all nodes erase a person's palms, and collects their receipts. */
export class ErasureLeader {
  readonly #input: { network: Network; peers: Peers; members: MemberVerifier; log: Logger };

  constructor(input: { network: Network; peers: Peers; members: MemberVerifier; log: Logger }) {
    this.#input = input;
  }

  /**
   * May be repeated until all nodes have signed. Nodes that are down erase when they come back.
   * @throws BoopError of the request itself: `erasure.*`, `owner.bad-signature`, `subject.unknown`; `mpc.nodes-unavailable` when fewer than t+1 have done it
   */
  async run({ request }: z.infer<Method['body']>): Promise<z.infer<Method['answer']>> {
    const { network, peers, members, log } = this.#input;
    verifyPalmErasure(request, network.manifest);
    const entry = palmErasureEntry(request.record, network.epoch);
    const collected = await collectReceipts({ network, members, entry, needed: network.threshold + 1, ask: (party) => peers.request(party, 'subject.erase', request, askTimeoutMs) });
    log.info('palms erased', { peers: collected.receipts.map(({ party }) => party) });
    return collected;
  }
}
