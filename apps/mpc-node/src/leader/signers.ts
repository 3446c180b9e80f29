import { type PartyId } from '@boop/shared';
import { nodesUnavailable } from './session-lead.ts';

/**
 * Who signs a session's token: this node first, which saves a message, then its neighbours in a circle, so that load spreads over leaders.
 * @param able nodes that opened it and did not fail, ascending @throws BoopError `mpc.nodes-unavailable` when they are fewer than 2t+1
 */
export function signersAmong(able: readonly PartyId[], self: PartyId, threshold: number): PartyId[] {
  const from = Math.max(0, able.indexOf(self));
  const chosen = [...able.slice(from), ...able.slice(0, from)].slice(0, 2 * threshold + 1);
  if (chosen.length < 2 * threshold + 1) throw nodesUnavailable();
  return chosen;
}
