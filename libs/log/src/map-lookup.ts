import { BoopError, equalBytes } from '@boop/shared';
import { HASH_BYTES } from './hash.ts';
import { bitOf, checkIndexBytes, EMPTY_MAP_ROOT, hashOf, INDEX_BITS, interiorBytes, isEmptyRoot, leafBytes, type MapEntry, type MapNodeReader, parseNode, prefixOf, sharesPrefix } from './map-node.ts';

/** Shows what a map holds at an index, presence or absence. */
export interface MapLookup {
  /** Sibling hashes on the way to the index, the root's children first; at most 256, about log2(n). */
  readonly siblings: readonly Uint8Array[];
  /** Where the way ends: the index's own leaf; a leaf of another index that stands in its place; missing when nothing does. */
  readonly leaf?: MapEntry;
}

/** Cost: one read per level. Throws `map.node-corrupt`, and what the reader throws. */
export async function mapLookup(reader: MapNodeReader, root: Uint8Array, index: Uint8Array): Promise<MapLookup> {
  checkIndexBytes(root, index);
  const siblings: Uint8Array[] = [];
  for (let hash = root; !isEmptyRoot(hash); ) {
    const depth = siblings.length;
    const [bytes] = await reader.read([{ depth, path: prefixOf(index, depth), hash }]);
    const node = parseNode(bytes!, hash);
    if (node.kind === 'leaf') return { siblings, leaf: { index: node.index, value: node.value } };
    if (depth === INDEX_BITS) throw new BoopError('map.node-corrupt', 'a stored node lies too deep', { kind: 'fatal' });
    siblings.push(bitOf(index, depth) === 0 ? node.right : node.left);
    hash = bitOf(index, depth) === 0 ? node.left : node.right;
  }
  return { siblings };
}

/**
 * The value of `index` in the map with that root; undefined when the proof shows that it has none. Cost: a hash per sibling.
 * Throws `map.malformed-index`, `map.malformed-proof`, `map.proof-invalid`.
 */
export function verifyMapLookup(root: Uint8Array, index: Uint8Array, { siblings, leaf }: MapLookup): Uint8Array | undefined {
  checkIndexBytes(root, index);
  const hashes = leaf === undefined ? siblings : [...siblings, leaf.index, leaf.value];
  if (siblings.length > INDEX_BITS || hashes.some(({ length }) => length !== HASH_BYTES)) throw new BoopError('map.malformed-proof', 'not a proof of a map');
  let hash = leaf === undefined ? EMPTY_MAP_ROOT : hashOf(leafBytes(leaf));
  for (let depth = siblings.length - 1; depth >= 0; depth--) {
    const sibling = siblings[depth]!;
    hash = hashOf(bitOf(index, depth) === 0 ? interiorBytes(hash, sibling) : interiorBytes(sibling, hash));
  }
  // A leaf under a prefix that isn't its own would show an index absent that stands elsewhere.
  const inPlace = leaf === undefined || sharesPrefix(leaf.index, index, siblings.length);
  if (!inPlace || !equalBytes(hash, root)) throw new BoopError('map.proof-invalid', 'the proof does not lead from the index to the root', { kind: 'peer' });
  return leaf !== undefined && equalBytes(leaf.index, index) ? leaf.value : undefined;
}
