import { BoopError, concatBytes } from '@boop/shared';
import { ByteReader } from './bytes.ts';
import { bitOf, EMPTY_MAP_ROOT, hashOf, INDEX_BITS, interiorBytes, isEmptyRoot, leafBytes, type MapEntry, type MapNode, type MapNodeReader, NodeKind, parseNode, prefixOf, sharesPrefix } from './map-node.ts';

/**
 * The part of a map that a batch of updates touches: the ways to their indices, with everything beside them as bare hashes.
 * From it follow the root before, the values before and the root after.
 */
export type PartialMap =
  | { readonly kind: 'untouched'; readonly hash: Uint8Array }
  | { readonly kind: 'empty' }
  | ({ readonly kind: 'leaf' } & MapEntry)
  | { readonly kind: 'interior'; readonly left: PartialMap; readonly right: PartialMap };

const EMPTY_TAG = 0x00;

export const sideOf = (updates: readonly MapEntry[], depth: number, bit: number): MapEntry[] => updates.filter(({ index }) => bitOf(index, depth) === bit);

/** Level by level, each with one read. Throws `map.node-corrupt`, and what the reader throws. */
export async function loadPartial(reader: MapNodeReader, root: Uint8Array, updates: readonly MapEntry[]): Promise<PartialMap> {
  interface Place {
    readonly hash: Uint8Array;
    readonly updates: readonly MapEntry[];
    readonly put: (node: PartialMap) => void;
  }
  let loaded: PartialMap = { kind: 'untouched', hash: root };
  let level: Place[] = [{ hash: root, updates, put: (node) => void (loaded = node) }];
  for (let depth = 0; level.length > 0; depth++) {
    const present: Place[] = [];
    for (const place of level) {
      if (place.updates.length === 0) place.put({ kind: 'untouched', hash: place.hash });
      else if (isEmptyRoot(place.hash)) place.put({ kind: 'empty' });
      else present.push(place);
    }
    if (present.length === 0) break;
    const stored = await reader.read(present.map((place) => ({ depth, path: prefixOf(place.updates[0]!.index, depth), hash: place.hash })));
    level = present.flatMap((place, at) => {
      const node = parseNode(stored[at]!, place.hash);
      if (node.kind === 'leaf') return place.put(node), [];
      if (depth === INDEX_BITS) throw new BoopError('map.node-corrupt', 'a stored node lies too deep', { kind: 'fatal' });
      const interior: { kind: 'interior'; left: PartialMap; right: PartialMap } = { kind: 'interior', left: { kind: 'empty' }, right: { kind: 'empty' } };
      place.put(interior);
      return [
        { hash: node.left, updates: sideOf(place.updates, depth, 0), put: (child: PartialMap) => void (interior.left = child) },
        { hash: node.right, updates: sideOf(place.updates, depth, 1), put: (child: PartialMap) => void (interior.right = child) },
      ];
    });
  }
  return loaded;
}

/** Preorder: an untouched subtree as its hash; else a tag, 0x00 empty, 0x02 leaf with index and value, 0x03 interior. */
export function formatPartial(node: PartialMap): Uint8Array {
  const parts: Uint8Array[] = [];
  const write = (one: PartialMap): void => {
    if (one.kind === 'untouched') return void parts.push(one.hash);
    if (one.kind === 'empty') return void parts.push(Uint8Array.of(EMPTY_TAG));
    if (one.kind === 'leaf') return void parts.push(leafBytes(one));
    parts.push(Uint8Array.of(NodeKind.interior));
    write(one.left);
    write(one.right);
  };
  write(node);
  return concatBytes(...parts);
}

/** Strict inverse of {@link formatPartial} for the same updates; throws `map.malformed-transition`. */
export function parsePartial(bytes: Uint8Array, updates: readonly MapEntry[]): PartialMap {
  const malformed = (): BoopError => new BoopError('map.malformed-transition', 'not a transition of a map');
  const reader = new ByteReader(bytes, malformed);
  const read = (here: readonly MapEntry[], depth: number): PartialMap => {
    if (here.length === 0) return { kind: 'untouched', hash: reader.take(32) };
    const tag = reader.uint(1);
    if (tag === EMPTY_TAG) return { kind: 'empty' };
    if (tag === NodeKind.leaf) {
      const [index, value] = [reader.take(32), reader.take(32)];
      if (!sharesPrefix(index, here[0]!.index, depth)) throw malformed();
      return { kind: 'leaf', index, value };
    }
    if (tag !== NodeKind.interior || depth === INDEX_BITS) throw malformed();
    return { kind: 'interior', left: read(sideOf(here, depth, 0), depth + 1), right: read(sideOf(here, depth, 1), depth + 1) };
  };
  const node = read(updates, 0);
  reader.end();
  return node;
}

/** Root before the updates. */
export function rootOf(node: PartialMap): Uint8Array {
  if (node.kind === 'untouched') return node.hash;
  if (node.kind === 'empty') return EMPTY_MAP_ROOT;
  if (node.kind === 'leaf') return hashOf(leafBytes(node));
  return hashOf(interiorBytes(rootOf(node.left), rootOf(node.right)));
}

/** All leaves on the ways to updated indices. */
export function leavesOf(node: PartialMap): MapEntry[] {
  if (node.kind === 'interior') return [...leavesOf(node.left), ...leavesOf(node.right)];
  return node.kind === 'leaf' ? [node] : [];
}

/** Root after the updates; `emit` is given every node on the way that the new map has, in no promised order. */
export function updatedRoot(node: PartialMap, updates: readonly MapEntry[], emit: (node: MapNode) => void): Uint8Array {
  const put = (bytes: Uint8Array, within: Uint8Array, depth: number): Uint8Array => {
    const hash = hashOf(bytes);
    emit({ depth, path: prefixOf(within, depth), hash, bytes });
    return hash;
  };
  const build = (entries: readonly MapEntry[], depth: number): Uint8Array => {
    if (entries.length === 0) return EMPTY_MAP_ROOT;
    if (entries.length === 1) return put(leafBytes(entries[0]!), entries[0]!.index, depth);
    return put(interiorBytes(build(sideOf(entries, depth, 0), depth + 1), build(sideOf(entries, depth, 1), depth + 1)), entries[0]!.index, depth);
  };
  const apply = (one: PartialMap, here: readonly MapEntry[], depth: number): Uint8Array => {
    if (one.kind === 'untouched') return one.hash;
    if (one.kind === 'interior') {
      const [left, right] = [apply(one.left, sideOf(here, depth, 0), depth + 1), apply(one.right, sideOf(here, depth, 1), depth + 1)];
      return put(interiorBytes(left, right), here[0]!.index, depth);
    }
    const stays = one.kind === 'leaf' && !here.some(({ index }) => index.every((byte, at) => byte === one.index[at]));
    return build(stays ? [...here, one] : here, depth);
  };
  return apply(node, updates, 0);
}
