import { BoopError } from '@boop/shared';
import { type GroupKeyRecord } from '../services/ports.ts';

/** Keys that at least t+1 nodes name alike, so that one honest node stands behind each. */
export function agreedGroupKeys(views: readonly (readonly GroupKeyRecord[])[], threshold: number): GroupKeyRecord[] {
  const votes = new Map<string, { key: GroupKeyRecord; count: number }>();
  for (const view of views) {
    // A node that lists one key twice has one vote.
    const distinct = new Map(view.map(({ name, suite, signers, publicKey }) => [JSON.stringify([name, suite, signers, publicKey]), { name, suite, signers, publicKey }]));
    for (const [id, key] of distinct) votes.set(id, { key, count: (votes.get(id)?.count ?? 0) + 1 });
  }
  const agreed = [...votes.values()].filter(({ count }) => count > threshold).map(({ key }) => key);
  // Two keys of one name can't both have an honest majority; if both reach t+1, neither counts.
  return agreed.filter(({ name }) => agreed.filter((other) => other.name === name).length === 1).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The next leader among the available nodes. @throws BoopError `mpc.nodes-unavailable` when fewer than `needed` are up */
export function chooseLeader(available: readonly number[], needed: number, turn: number): number {
  if (available.length < needed) throw new BoopError('mpc.nodes-unavailable', 'too few nodes are up', { kind: 'unavailable' });
  return available[turn % available.length]!;
}
