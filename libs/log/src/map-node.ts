import { sha256 } from '@noble/hashes/sha2.js';
import { BoopError, concatBytes, equalBytes, utf8 } from '@boop/shared';
import { HASH_BYTES } from './hash.ts';

/**
 * Sparse Merkle map over 256-bit indices (after CONIKS, section 3.1): a node at depth d belongs to the indices that share its
 * first d bits. A subtree without entries is one constant; a subtree with one entry is that entry's leaf, hoisted to where its
 * prefix is unique; all others are interior. So the tree over a set of entries is unique, and a path has about log2(n) nodes.
 * Hashing is SHA-256 with a first byte of its own for each kind, different from the log's 0x00 and 0x01.
 */
export const INDEX_BITS = 256;
export const NODE_BYTES = 65;
export const NodeKind = { leaf: 0x02, interior: 0x03 } as const;

/** Root of every subtree without entries, the whole map included. */
export const EMPTY_MAP_ROOT: Uint8Array = sha256(utf8('boop-map/1 empty subtree'));

export interface MapEntry {
  /** 32 bytes. */
  readonly index: Uint8Array;
  /** 32 bytes. */
  readonly value: Uint8Array;
}

export interface MapNodeRef {
  readonly depth: number;
  /** The first `depth` bits of the indices below, the rest zero. */
  readonly path: Uint8Array;
  readonly hash: Uint8Array;
}

export interface MapNode extends MapNodeRef {
  /** 65 bytes: 0x02 ‖ index ‖ value, or 0x03 ‖ left ‖ right; `hash` is their SHA-256. */
  readonly bytes: Uint8Array;
}

/**
 * Where nodes are stored, by hash. Contract: `read` gives the bytes of all, in order, or rejects with `map.node-missing`; a node once
 * written never changes, so roots of old revisions stay readable. Content is not trusted: it is hashed again.
 */
export interface MapNodeReader {
  read(refs: readonly MapNodeRef[]): Promise<Uint8Array[]>;
}

export type ParsedNode = ({ readonly kind: 'leaf' } & MapEntry) | { readonly kind: 'interior'; readonly left: Uint8Array; readonly right: Uint8Array };

export const leafBytes = ({ index, value }: MapEntry): Uint8Array => concatBytes(Uint8Array.of(NodeKind.leaf), index, value);
export const interiorBytes = (left: Uint8Array, right: Uint8Array): Uint8Array => concatBytes(Uint8Array.of(NodeKind.interior), left, right);
export const hashOf = (bytes: Uint8Array): Uint8Array => sha256(bytes);
export const isEmptyRoot = (root: Uint8Array): boolean => equalBytes(root, EMPTY_MAP_ROOT);

/** Bytes from storage; throws `map.node-corrupt` (fatal) when they aren't those of the node with that hash. */
export function parseNode(bytes: Uint8Array, hash: Uint8Array): ParsedNode {
  const kind = bytes[0];
  const known = kind === NodeKind.leaf || kind === NodeKind.interior;
  if (bytes.length !== NODE_BYTES || !known || !equalBytes(hashOf(bytes), hash)) throw new BoopError('map.node-corrupt', 'a stored node does not have its hash', { kind: 'fatal' });
  const [first, second] = [bytes.slice(1, 33), bytes.slice(33)];
  return kind === NodeKind.leaf ? { kind: 'leaf', index: first, value: second } : { kind: 'interior', left: first, right: second };
}

export const bitOf = (index: Uint8Array, depth: number): number => (index[depth >> 3]! >> (7 - (depth & 7))) & 1;

/** The first `depth` bits of an index, the rest zero. */
export function prefixOf(index: Uint8Array, depth: number): Uint8Array {
  return index.map((byte, at) => (at < depth >> 3 ? byte : at === depth >> 3 ? byte & (0xff00 >> (depth & 7)) : 0));
}

export const sharesPrefix = (a: Uint8Array, b: Uint8Array, depth: number): boolean => equalBytes(prefixOf(a, depth), prefixOf(b, depth));

/** Throws `map.malformed-index` unless all have 32 bytes. */
export function checkIndexBytes(...values: readonly Uint8Array[]): void {
  if (values.some(({ length }) => length !== HASH_BYTES)) throw new BoopError('map.malformed-index', 'indices, values and roots have 32 bytes');
}
