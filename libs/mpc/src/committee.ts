import { subsets } from '@boop/field';
import { BoopError, type PartyId, partyId } from '@boop/shared';

/** N nodes at points 1…N, of which any t learn nothing; 1 ≤ t and 2t + 1 ≤ N. */
export interface SharingParameters {
  readonly nodes: number;
  readonly threshold: number;
}

const NODES_MAX = 16;

/** Returns its argument; throws BoopError `parameters.unsupported`. */
export function checkParameters(parameters: SharingParameters): SharingParameters {
  const { nodes, threshold } = parameters;
  const supported = Number.isInteger(nodes) && Number.isInteger(threshold) && threshold >= 1 && nodes <= NODES_MAX && nodes >= 2 * threshold + 1;
  if (!supported) throw new BoopError('parameters.unsupported', `1 ≤ t, 2t + 1 ≤ N ≤ ${NODES_MAX}`, { kind: 'fatal' });
  return parameters;
}

export interface CommitteeFamily {
  /** Each of 2t + 1 parties, ascending. */
  readonly committees: PartyId[][];
  /** Whether every t-subset of all nodes is left out by some committee. */
  readonly verified: boolean;
}

/**
 * Committees among live nodes such that every t-subset of 1…N is left out together by one of them: then at least one
 * committee is free of whichever t nodes lie. Greedy set cover, ties to the lexicographically first, so all nodes compute
 * the same family. That needs 3t + 1 live nodes; with fewer, one committee and `verified: false`.
 * Throws BoopError `committee.too-few-nodes` (unavailable) when fewer than 2t + 1 live.
 */
export function committeeFamily(live: readonly PartyId[], nodes: number, threshold: number): CommitteeFamily {
  checkParameters({ nodes, threshold });
  const alive = [...new Set(live)].sort((a, b) => a - b);
  if (alive.some((party) => !Number.isInteger(party) || party < 1 || party > nodes)) throw new BoopError('committee.unknown-node', 'a live node is not among 1…N', { kind: 'fatal' });
  const size = 2 * threshold + 1;
  if (alive.length < size) throw new BoopError('committee.too-few-nodes', `${size} live nodes are needed`, { kind: 'unavailable' });
  if (alive.length < size + threshold) return { committees: [alive.slice(0, size)], verified: false };
  const candidates = subsets(alive, size);
  let uncovered = liarSets(nodes, threshold);
  const committees: PartyId[][] = [];
  while (uncovered.length > 0) {
    const gains = candidates.map((committee) => uncovered.filter((liars) => isDisjoint(committee, liars)).length);
    const best = candidates[gains.indexOf(Math.max(...gains))]!;
    committees.push(best);
    uncovered = uncovered.filter((liars) => !isDisjoint(best, liars));
  }
  return { committees, verified: true };
}

/** Whether these are committees of 2t + 1 distinct nodes of 1…N that together leave out every t-subset. */
export function coversFamily(committees: readonly (readonly PartyId[])[], nodes: number, threshold: number): boolean {
  checkParameters({ nodes, threshold });
  const wellFormed = committees.every(
    (committee) => committee.length === 2 * threshold + 1 && new Set(committee).size === committee.length && committee.every((party) => Number.isInteger(party) && party >= 1 && party <= nodes),
  );
  return wellFormed && liarSets(nodes, threshold).every((liars) => committees.some((committee) => isDisjoint(committee, liars)));
}

const liarSets = (nodes: number, threshold: number): PartyId[][] =>
  subsets(
    Array.from({ length: nodes }, (_, i) => partyId(i + 1)),
    threshold,
  );

const isDisjoint = (committee: readonly PartyId[], liars: readonly PartyId[]): boolean => !liars.some((party) => committee.includes(party));
