import { BoopError } from '@boop/shared';
import { checkSizes } from './hash.ts';

export const TILE_WIDTH = 256;

/**
 * A tile of C2SP tlog-tiles: `width` hashes of perfect subtrees of 256^level entries, from subtree index × 256 on; or, at level
 * `entries`, the entries that belong to the level 0 tile of that index.
 */
export interface Tile {
  readonly level: number | 'entries';
  readonly index: number;
  /** 1…256; below 256 the tile is partial. */
  readonly width: number;
}

/** `tile/<L>/<N>[.p/<W>]`, N as `x001/x234/067`. */
export function tilePath({ level, index, width }: Tile): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g)!;
  const n = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${level}/${n}${width < TILE_WIDTH ? `.p/${width}` : ''}`;
}

/** Inverse of {@link tilePath}; throws `log.malformed-tile-path` for everything that it doesn't return. */
export function parseTilePath(path: string): Tile {
  const match = /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([0-9]{1,3}))?$/.exec(path);
  if (match) {
    const level = match[1] === 'entries' ? 'entries' : Number(match[1]);
    const index = Number(match[2]!.replace(/[x/]/g, ''));
    const width = match[3] === undefined ? TILE_WIDTH : Number(match[3]);
    const tile: Tile = { level, index, width };
    const inRange = (level === 'entries' || level <= 63) && Number.isSafeInteger(index) && width >= 1 && width <= TILE_WIDTH;
    if (inRange && tilePath(tile) === path) return tile;
  }
  throw new BoopError('log.malformed-tile-path', 'not the path of a tile');
}

/** Hashes that the tree of `size` entries has at a tile level, floor(size / 256^level). */
export const hashesAtLevel = (size: number, level: number): number => Math.floor(size / TILE_WIDTH ** level);

/** The tile with that level and index, as wide as it is in the tree of `size` entries. */
export function tileAt(level: number, index: number, size: number): Tile {
  return { level, index, width: Math.min(TILE_WIDTH, hashesAtLevel(size, level) - index * TILE_WIDTH) };
}

/**
 * Hash tiles to be written when the tree grows, level by level, each in its state at the new size (C2SP tlog-tiles, Partial
 * Tiles). The entry bundles are those of level 0.
 */
export function newTiles(oldSize: number, newSize: number): Tile[] {
  checkSizes(oldSize, newSize);
  if (newSize < oldSize) throw new BoopError('log.invalid-size', 'a log only grows');
  const tiles: Tile[] = [];
  for (let level = 0; hashesAtLevel(newSize, level) > 0; level++) {
    const before = hashesAtLevel(oldSize, level);
    const after = hashesAtLevel(newSize, level);
    if (before === after) continue;
    for (let index = Math.floor(before / TILE_WIDTH); index * TILE_WIDTH < after; index++) tiles.push(tileAt(level, index, newSize));
  }
  return tiles;
}
