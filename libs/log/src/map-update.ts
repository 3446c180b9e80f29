import { BoopError, equalBytes, toHex } from '@boop/shared';
import { checkIndexBytes, type MapEntry, type MapNode, type MapNodeReader } from './map-node.ts';
import { formatPartial, leavesOf, loadPartial, type PartialMap, parsePartial, rootOf, updatedRoot } from './map-partial.ts';

export interface MapChange {
  /** Root after the updates. */
  readonly root: Uint8Array;
  /** Value of each update's index before, in the order of the updates; undefined where it had none. */
  readonly before: readonly (Uint8Array | undefined)[];
}

export interface MapGrowth extends MapChange {
  /** Nodes to store before `root` is used. */
  readonly writes: readonly MapNode[];
  /** Shows the step to whoever knows only the old root, see {@link verifyMapUpdate}; about 33 × log2(n) bytes per update. */
  readonly proof: Uint8Array;
}

/**
 * Sets values in the map with that root, all at once; writes nothing itself. Nothing is ever removed. Cost: one batch of reads per
 * level, about log2(n), and as many hashes per update.
 * Throws `map.malformed-index`, `map.duplicate-index`, `map.node-corrupt` (fatal), and what the reader throws.
 */
export async function updateMap(reader: MapNodeReader, root: Uint8Array, updates: readonly MapEntry[]): Promise<MapGrowth> {
  checkUpdates(root, updates);
  const partial = await loadPartial(reader, root, updates);
  const writes: MapNode[] = [];
  const after = updatedRoot(partial, updates, (node) => void writes.push(node));
  return { root: after, before: valuesBefore(partial, updates), writes, proof: formatPartial(partial) };
}

/**
 * What {@link updateMap} made of the map with the old root, from its proof alone: no storage.
 * Throws `map.malformed-index`, `map.duplicate-index`, `map.malformed-transition`, `map.transition-invalid` when the proof is of another map.
 */
export function verifyMapUpdate(root: Uint8Array, updates: readonly MapEntry[], proof: Uint8Array): MapChange {
  checkUpdates(root, updates);
  const partial = parsePartial(proof, updates);
  if (!equalBytes(rootOf(partial), root)) throw new BoopError('map.transition-invalid', 'the transition does not start from this map', { kind: 'peer' });
  return { root: updatedRoot(partial, updates, () => undefined), before: valuesBefore(partial, updates) };
}

function checkUpdates(root: Uint8Array, updates: readonly MapEntry[]): void {
  checkIndexBytes(root, ...updates.flatMap(({ index, value }) => [index, value]));
  if (new Set(updates.map(({ index }) => toHex(index))).size !== updates.length) throw new BoopError('map.duplicate-index', 'an index is updated twice at once');
}

function valuesBefore(partial: PartialMap, updates: readonly MapEntry[]): (Uint8Array | undefined)[] {
  const values = new Map(leavesOf(partial).map(({ index, value }) => [toHex(index), value]));
  return updates.map(({ index }) => values.get(toHex(index)));
}
