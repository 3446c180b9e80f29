import { type Logger } from '@boop/platform';
import { type EntryReceipt, entryReceiptBytes, palmErasureEntry, type nodeMethods, verifyPalmErasure } from '@boop/protocol';
import { BoopError, fromBase64Url, isBoopError } from '@boop/shared';
import { type z } from 'zod';
import { type Peers } from '../link/peers.ts';
import { type Network } from '../network.ts';
import { type MemberVerifier } from '../sessions/certified.ts';

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
    verifyPalmErasure(request, network.networkId);
    const entry = palmErasureEntry(request.record, network.epoch);
    const results = await Promise.allSettled(network.parties.map((party) => peers.request(party, 'subject.erase', request, askTimeoutMs)));
    const receipts: EntryReceipt[] = [];
    const pending: number[] = [];
    results.forEach((result, at) => {
      const party = network.parties[at]!;
      if (result.status === 'fulfilled' && members.verify(party, entryReceiptBytes(entry), fromBase64Url(result.value.receipt))) receipts.push({ party, signature: result.value.receipt });
      else pending.push(party);
    });
    const refusal = results.flatMap((result) => (result.status === 'rejected' && isBoopError(result.reason) && result.reason.kind === 'rejected' ? [result.reason] : []))[0];
    if (receipts.length <= network.threshold) throw refusal ?? new BoopError('mpc.nodes-unavailable', 'too few nodes are up', { kind: 'unavailable' });
    log.info('palms erased', { peers: receipts.map(({ party }) => party) });
    return { entry, receipts, pending };
  }
}
