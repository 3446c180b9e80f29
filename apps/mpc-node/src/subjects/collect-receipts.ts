import { type EntryReceipt, entryReceiptBytes } from '@boop/protocol';
import { BoopError, fromBase64Url, isBoopError, type PartyId } from '@boop/shared';
import { type Network } from '../network.ts';
import { type MemberVerifier } from '../sessions/certified.ts';

export interface Collected {
  readonly entry: Uint8Array;
  readonly receipts: EntryReceipt[];
  /** Nodes that have not answered, or not as they should. */
  readonly pending: number[];
}

/**
 * Asks all nodes for their signature over an entry of the log about what each does for itself.
 * @throws BoopError the nodes' refusal, or `mpc.nodes-unavailable`, when fewer than `needed` have done it
 */
export async function collectReceipts(input: { network: Network; members: MemberVerifier; entry: Uint8Array; needed: number; ask: (party: PartyId) => Promise<{ receipt: string }> }): Promise<Collected> {
  const { network, members, entry, needed, ask } = input;
  const results = await Promise.allSettled(network.parties.map((party) => ask(party)));
  const receipts: EntryReceipt[] = [];
  const pending: number[] = [];
  results.forEach((result, at) => {
    const party = network.parties[at]!;
    if (result.status === 'fulfilled' && members.verify(party, entryReceiptBytes(entry), fromBase64Url(result.value.receipt))) receipts.push({ party, signature: result.value.receipt });
    else pending.push(party);
  });
  if (receipts.length >= needed) return { entry, receipts, pending };
  const refusal = results.flatMap((result) => (result.status === 'rejected' && isBoopError(result.reason) && result.reason.kind === 'rejected' ? [result.reason] : []))[0];
  throw refusal ?? new BoopError('mpc.nodes-unavailable', 'too few nodes are up', { kind: 'unavailable' });
}
