import { BoopError, concatBytes, equalBytes } from '@boop/shared';
import { formatEntries, parseEntries } from './bundle.ts';
import { leafHash, subtreeRoot, type TreeHead } from './hash.ts';
import { readHashes, type TileReader } from './tile-reader.ts';
import { hashesAtLevel, type Tile, TILE_WIDTH, tileAt, tilePath } from './tiles.ts';
import { treeRoot } from './tree.ts';

export interface TileWrite {
  readonly tile: Tile;
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface Growth {
  readonly head: TreeHead;
  /** All tiles and entry bundles to store before a checkpoint of `head` is served. */
  readonly writes: readonly TileWrite[];
}

/**
 * Computes what the log becomes when `entries` are appended to the tree at `head`; writes nothing itself. Reads only the
 * partial tiles at the right edge. Cost: about 1 hash per entry and 1 per new node.
 * Throws `log.tile-corrupt` (fatal) when the stored tiles don't have the root of `head`: on a wrong tree nothing may be
 * appended; `log.entry-too-long`; and what the reader throws.
 */
export async function appendEntries(reader: TileReader, head: TreeHead, entries: readonly Uint8Array[]): Promise<Growth> {
  if (!equalBytes(await treeRoot(reader, head.size), head.root)) throw new BoopError('log.tile-corrupt', 'stored tiles do not match the tree head', { kind: 'fatal' });
  if (entries.length === 0) return { head, writes: [] };
  const size = head.size + entries.length;
  const writes: TileWrite[] = [];
  const write = (tile: Tile, bytes: Uint8Array) => void writes.push({ tile, path: tilePath(tile), bytes });

  const edge = lastPartial(head.size, 0);
  const stored = edge ? parseEntries(await reader.read({ ...edge, level: 'entries' }), edge.width) : [];
  chunks([...stored, ...entries]).forEach((chunk, at) => {
    write({ level: 'entries', index: Math.floor(head.size / TILE_WIDTH) + at, width: chunk.length }, formatEntries(chunk));
  });

  let fresh = entries.map(leafHash);
  for (let level = 0; fresh.length > 0; level++) {
    const partial = lastPartial(head.size, level);
    const full: Uint8Array[] = [];
    chunks([...(partial ? await readHashes(reader, partial) : []), ...fresh]).forEach((chunk, at) => {
      const index = Math.floor(hashesAtLevel(head.size, level) / TILE_WIDTH) + at;
      write({ level, index, width: chunk.length }, concatBytes(...chunk));
      if (chunk.length === TILE_WIDTH) full.push(subtreeRoot(chunk));
    });
    fresh = full;
  }
  const written = new Map(writes.map(({ path, bytes }) => [path, bytes]));
  const overlay: TileReader = { read: async (tile) => written.get(tilePath(tile)) ?? reader.read(tile) };
  return { head: { size, root: await treeRoot(overlay, size) }, writes };
}

/** The partial tile at the right edge of a level, if that level ends in one. */
function lastPartial(size: number, level: number): (Tile & { level: number }) | undefined {
  const hashes = hashesAtLevel(size, level);
  return hashes % TILE_WIDTH === 0 ? undefined : { ...tileAt(level, Math.floor(hashes / TILE_WIDTH), size), level };
}

function chunks<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / TILE_WIDTH) }, (_, at) => items.slice(at * TILE_WIDTH, (at + 1) * TILE_WIDTH));
}
