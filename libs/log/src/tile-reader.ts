import { BoopError } from '@boop/shared';
import { HASH_BYTES, subtreeRoot } from './hash.ts';
import { type Tile, TILE_WIDTH, tileAt, tilePath } from './tiles.ts';

/**
 * Where tiles are stored: files, a database, another log's HTTP server.
 * Contract: `read` gives the bytes of the tile in exactly that width (a wider stored tile may be cut to it), or rejects with
 * `log.tile-missing`; a tile once written never changes; concurrent reads are allowed. Content is not trusted: whoever
 * hands on a root or a proof checks it against a signed checkpoint.
 */
export interface TileReader {
  read(tile: Tile): Promise<Uint8Array>;
}

/** A perfect subtree: the 2^level entries from index × 2^level on. */
export interface TreeNode {
  readonly level: number;
  readonly index: number;
}

/** Perfect subtrees that make up the entries [start, end), largest first; `start` is a multiple of the largest. */
export function nodesOfRange(start: number, end: number): TreeNode[] {
  const nodes: TreeNode[] = [];
  for (let at = start; at < end; ) {
    let level = 0;
    while (at + 2 ** (level + 1) <= end && at % 2 ** (level + 1) === 0) level++;
    nodes.push({ level, index: at / 2 ** level });
    at += 2 ** level;
  }
  return nodes;
}

/** Hashes of nodes of the tree with `size` entries, in order; each tile is read once, all at the same time. */
export async function readNodes(reader: TileReader, size: number, nodes: readonly TreeNode[]): Promise<Uint8Array[]> {
  const tiles = new Map<string, Promise<Uint8Array[]>>();
  const spans = nodes.map(({ level, index }) => {
    const tileLevel = Math.floor(level / 8);
    const count = 2 ** (level % 8);
    const tile = tileAt(tileLevel, Math.floor((index * count) / TILE_WIDTH), size);
    const path = tilePath(tile);
    if (!tiles.has(path)) tiles.set(path, readHashes(reader, tile));
    return { hashes: tiles.get(path)!, from: (index * count) % TILE_WIDTH, count };
  });
  return Promise.all(spans.map(async ({ hashes, from, count }) => subtreeRoot((await hashes).slice(from, from + count))));
}

/** Hashes of a tile; throws `log.malformed-tile` when it has another size. */
export async function readHashes(reader: TileReader, tile: Tile): Promise<Uint8Array[]> {
  const bytes = await reader.read(tile);
  if (bytes.length !== tile.width * HASH_BYTES) throw new BoopError('log.malformed-tile', 'a tile has a wrong size', { kind: 'fatal' });
  return Array.from({ length: tile.width }, (_, at) => bytes.slice(at * HASH_BYTES, (at + 1) * HASH_BYTES));
}
