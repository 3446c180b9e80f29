import { EMPTY_MAP_ROOT, isMapRevision, type MapState, parseMapRevision, parseMapTransition, verifyMapTransition } from '@boop/log';
import { BoopError, equalBytes } from '@boop/shared';
import { appendTo, type Frontier } from './frontier.ts';

/** The map as the log's records tell it. */
export interface KnownMap extends MapState {
  /** The key by which the map gives indexes; undefined before its first revision. */
  readonly vrfKey: Uint8Array | undefined;
}

export const emptyMap = (): KnownMap => ({ revision: 0, root: EMPTY_MAP_ROOT, entry: null, vrfKey: undefined });

/** How far a node has read the log, and what it found. */
export interface LogReading {
  readonly frontier: Frontier;
  readonly map: KnownMap;
}

export interface LogPages {
  readonly entries: readonly Uint8Array[];
  /** One for each map revision among the entries, in their order. */
  readonly transitions: readonly Uint8Array[];
}

/**
 * Reads on. Every map revision must follow from the map before by mutations that were allowed, with absence shown for new accounts: an honest node
 * signs no log in which one does not. Other entries are the monitors' matter; here they only count for the tree.
 * @throws BoopError `map.*`, `mutation.*`
 */
export function readOn({ frontier, map }: LogReading, { entries, transitions }: LogPages, network: { readonly networkId: string; readonly logOrigin: string }): LogReading {
  let known = map;
  let used = 0;
  entries.forEach((bytes, at) => {
    if (!isMapRevision(bytes)) return;
    const transition = transitions[used++];
    if (transition === undefined) throw new BoopError('map.transition-missing', 'a map revision came without its transition', { kind: 'peer' });
    known = follow(known, bytes, transition, frontier.size + at, network);
  });
  if (used !== transitions.length) throw new BoopError('map.transition-missing', 'a transition came without its revision', { kind: 'peer' });
  return { frontier: appendTo(frontier, entries), map: known };
}

function follow(before: KnownMap, record: Uint8Array, transition: Uint8Array, entry: number, { networkId, logOrigin }: { networkId: string; logOrigin: string }): KnownMap {
  const revision = parseMapRevision(record);
  if (revision.networkId !== networkId) throw new BoopError('map.wrong-network', 'the revision is of the map of another network', { kind: 'peer' });
  // Under another key every account would have another index, and so a second place.
  if (before.vrfKey && !equalBytes(before.vrfKey, revision.vrfKey)) throw new BoopError('map.wrong-vrf-key', 'the map gives indexes by another key than before', { kind: 'peer' });
  verifyMapTransition({ origin: logOrigin, before, revision, transition: parseMapTransition(transition) });
  return { revision: revision.revision, root: revision.root, entry, vrfKey: revision.vrfKey };
}
