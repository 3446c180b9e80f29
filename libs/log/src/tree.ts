import { BoopError } from '@boop/shared';
import { checkSizes, emptyRoot, nodeHash } from './hash.ts';
import { nodesOfRange, readNodes, type TileReader, type TreeNode } from './tile-reader.ts';

/** MTH of the first `size` entries (RFC 6962 section 2.1). */
export async function treeRoot(reader: TileReader, size: number): Promise<Uint8Array> {
  checkSizes(size);
  if (size === 0) return emptyRoot();
  const [root] = await readRanges(reader, size, [[0, size]]);
  return root!;
}

/** RFC 9162 section 2.1.3.1, for the entry at `index` in the tree of `size` entries. Throws `log.invalid-size` unless index < size. */
export async function inclusionProof(reader: TileReader, index: number, size: number): Promise<Uint8Array[]> {
  checkSizes(index, size);
  if (index >= size) throw new BoopError('log.invalid-size', 'the index is outside the tree');
  const ranges: Range[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const split = start + splitOf(end - start);
    ranges.push(index < split ? [split, end] : [start, split]);
    [start, end] = index < split ? [start, split] : [split, end];
  }
  return readRanges(reader, size, ranges.reverse());
}

/** RFC 9162 section 2.1.4.1. Empty for equal sizes; throws `log.invalid-size` unless 0 < oldSize ≤ newSize. */
export async function consistencyProof(reader: TileReader, oldSize: number, newSize: number): Promise<Uint8Array[]> {
  checkSizes(oldSize, newSize);
  if (oldSize === 0 || oldSize > newSize) throw new BoopError('log.invalid-size', 'a proof leads from a non-empty tree to one at least as large');
  const ranges: Range[] = [];
  let [start, end] = [0, newSize];
  while (end !== oldSize) {
    const split = start + splitOf(end - start);
    ranges.push(oldSize <= split ? [split, end] : [start, split]);
    [start, end] = oldSize <= split ? [start, split] : [split, end];
  }
  // SUBPROOF(m, D[m], true) is empty: the verifier has the root of the old tree when the old tree is a subtree of the new one.
  if (start !== 0) ranges.push([start, end]);
  return readRanges(reader, newSize, ranges.reverse());
}

type Range = readonly [start: number, end: number];

/** The largest power of two below n > 1. */
function splitOf(n: number): number {
  let split = 1;
  while (split * 2 < n) split *= 2;
  return split;
}

async function readRanges(reader: TileReader, size: number, ranges: readonly Range[]): Promise<Uint8Array[]> {
  const nodes: TreeNode[][] = ranges.map(([start, end]) => nodesOfRange(start, end));
  const hashes = await readNodes(reader, size, nodes.flat());
  let at = 0;
  return nodes.map(({ length }) => hashes.slice(at, (at += length)).reduceRight((right, left) => nodeHash(left, right)));
}
