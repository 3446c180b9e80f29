import { BoopError, equalBytes, type PartyId } from '@boop/shared';
import { type Peers } from '../link/peers.ts';

/** As long as may lie between two attempts to link to a node that was away. */
const linksMs = 2_000;
const lookAgainMs = 10;

/**
 * Waits until this node has links to exactly these processes: whoever has just started is reached by some nodes before it is by others, and a session must not fail by that.
 * @param bootIds as the caller sees them, in the order of the parties
 * @throws BoopError `committee.other-boot` (unavailable) when it has not come to that
 */
export async function seeSameProcesses(peers: Pick<Peers, 'bootIdOf'>, parties: readonly PartyId[], bootIds: readonly Uint8Array[]): Promise<void> {
  const isSame = (): boolean => bootIds.length === parties.length && parties.every((party, at) => isOf(peers.bootIdOf(party), bootIds[at]!));
  for (const deadline = performance.now() + linksMs; !isSame(); await new Promise((resolve) => setTimeout(resolve, lookAgainMs))) {
    if (performance.now() >= deadline) throw new BoopError('committee.other-boot', 'the nodes see different processes', { kind: 'unavailable' });
  }
}

const isOf = (present: Uint8Array | undefined, bootId: Uint8Array): boolean => present !== undefined && equalBytes(present, bootId);
