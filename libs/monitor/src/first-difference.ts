import { hashesAtLevel, readHashes, type Tile, TILE_WIDTH, tileAt, type TileReader } from '@boop/log';
import { equalBytes } from '@boop/shared';

export interface SizedTree {
  readonly tiles: TileReader;
  readonly size: number;
}

/**
 * Index of the first leaf in which two trees differ, among those that both have; undefined when there is none. Descends from the widest
 * tiles: about one tile of each tree per level, if both are whole.
 */
export async function firstDifference(a: SizedTree, b: SizedTree): Promise<number | undefined> {
  const size = Math.min(a.size, b.size);
  let level = 0;
  while (hashesAtLevel(size, level + 1) > 0) level++;
  let [from, to] = [0, hashesAtLevel(size, level)];
  for (; ; level--) {
    const at = await differenceAt(a, b, level, from, to);
    if (level === 0) return at;
    // Hashes of whole subtrees are equal: what differs is in the leaves right of them, if anywhere.
    from = (at ?? to) * TILE_WIDTH;
    to = at === undefined ? hashesAtLevel(size, level - 1) : Math.min((at + 1) * TILE_WIDTH, hashesAtLevel(size, level - 1));
  }
}

async function differenceAt(a: SizedTree, b: SizedTree, level: number, from: number, to: number): Promise<number | undefined> {
  for (let index = Math.floor(from / TILE_WIDTH); index * TILE_WIDTH < to; index++) {
    const [left, right] = await Promise.all([a, b].map(({ tiles, size }) => readHashes(tiles, tileAt(level, index, size) as Tile)));
    for (let at = Math.max(from, index * TILE_WIDTH); at < Math.min(to, (index + 1) * TILE_WIDTH); at++) {
      if (!equalBytes(left![at % TILE_WIDTH]!, right![at % TILE_WIDTH]!)) return at;
    }
  }
  return undefined;
}
