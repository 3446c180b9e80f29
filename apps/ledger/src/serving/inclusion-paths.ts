import { hash } from 'node:crypto';
import { TILE_WIDTH, type TileReader } from '@boop/log';

/** 8 KiB each: the lowest tiles of a log of a million entries, and the upper ones of any. */
const TREES_MAX = 4_096;
/** Inner levels of a tile: those of 128, 64, … 2 hashes. The roots themselves are in the tile above. */
const INNER_LEVELS = 7;
const INNER_HASHES = TILE_WIDTH - 2;
const HASH_BYTES = 32;

/**
 * Inclusion proofs (RFC 9162 section 2.1.3.1) from tiles, quickly: the inner hashes of full tiles are kept once computed, least recently used
 * out first, and so is the right edge of the newest tree, which is in every proof; OpenSSL hashes. With all that is needed in memory a proof
 * costs no hash at all, else at most 255 for each tile that is not. What it gives is checked by nobody here: verifiers do.
 */
export class InclusionPaths {
  readonly #tiles: TileReader;
  readonly #treesMax: number;
  /** Inner hashes by level and index of the tile. */
  readonly #trees = new Map<string, Promise<Uint8Array>>();
  #edge: { size: number; roots: Map<number, Promise<Uint8Array>> } = { size: 0, roots: new Map() };

  constructor(tiles: TileReader, treesMax = TREES_MAX) {
    this.#tiles = tiles;
    this.#treesMax = treesMax;
  }

  /** Sibling hashes from the leaf up; index < size. */
  async path(index: number, size: number): Promise<Uint8Array[]> {
    const siblings: Promise<Uint8Array>[] = [];
    let [start, end] = [0, size];
    while (end - start > 1) {
      const split = start + splitOf(end - start);
      siblings.push(index < split ? this.#range(split, end, size) : this.#range(start, split, size));
      [start, end] = index < split ? [start, split] : [split, end];
    }
    return (await Promise.all(siblings)).reverse();
  }

  /**
   * Reads ahead what proofs under a tree of this size need, the upper tiles and then the newest of the lowest, as many as are kept.
   * @throws what reading throws
   */
  async warm(size: number, signal: AbortSignal): Promise<void> {
    let room = this.#treesMax;
    for (let level = Math.floor(Math.log2(Math.max(size, 1)) / 8); level >= 0; level--) {
      const full = Math.floor(size / TILE_WIDTH ** (level + 1));
      for (let index = full - 1; index >= 0 && room > 0; index--, room--) {
        if (signal.aborted) return;
        await this.#tree(level, index);
      }
    }
  }

  /** Root over the leaves [start, end): a perfect subtree, or all that is right of `start`. */
  async #range(start: number, end: number, size: number): Promise<Uint8Array> {
    const level = Math.log2(end - start);
    if (Number.isInteger(level)) return await this.#subtree(level, start / (end - start), size);
    if (this.#edge.size !== size) this.#edge = { size, roots: new Map() };
    const { roots } = this.#edge;
    const split = start + splitOf(end - start);
    const known = roots.get(start) ?? keptUnlessFailed(roots, start, Promise.all([this.#range(start, split, size), this.#range(split, end, size)]).then(([left, right]) => nodeHash(left, right)));
    return await known;
  }

  async #subtree(level: number, index: number, size: number): Promise<Uint8Array> {
    const [tileLevel, depth] = [Math.floor(level / 8), level % 8];
    const count = 2 ** depth;
    const tile = Math.floor((index * count) / TILE_WIDTH);
    const offset = (index * count) % TILE_WIDTH;
    if (depth === 0) return (await this.#tiles.read({ level: tileLevel, index: tile, width: offset + 1 })).slice(offset * HASH_BYTES);
    const full = (tile + 1) * TILE_WIDTH ** (tileLevel + 1) <= size;
    if (!full) {
      const bytes = await this.#tiles.read({ level: tileLevel, index: tile, width: offset + count });
      let hashes = bytes.subarray(offset * HASH_BYTES);
      while (hashes.length > HASH_BYTES) hashes = levelAbove(hashes);
      return hashes;
    }
    const at = (TILE_WIDTH - 2 ** (9 - depth) + offset / count) * HASH_BYTES;
    return (await this.#tree(tileLevel, tile)).subarray(at, at + HASH_BYTES);
  }

  /** Inner hashes of a full tile, the lowest level first. */
  async #tree(level: number, index: number): Promise<Uint8Array> {
    const name = `${level}/${index}`;
    const known = this.#trees.get(name);
    if (known) {
      this.#trees.delete(name);
      this.#trees.set(name, known);
      return await known;
    }
    if (this.#trees.size >= this.#treesMax) this.#trees.delete(this.#trees.keys().next().value!);
    return await keptUnlessFailed(this.#trees, name, this.#tiles.read({ level, index, width: TILE_WIDTH }).then(innerHashes));
  }
}

/** The largest power of two below `count`, which is 2 at least. */
function splitOf(count: number): number {
  let half = 1;
  while (half * 2 < count) half *= 2;
  return half;
}

function keptUnlessFailed<Key>(kept: Map<Key, Promise<Uint8Array>>, key: Key, result: Promise<Uint8Array>): Promise<Uint8Array> {
  kept.set(key, result);
  result.catch(() => {
    if (kept.get(key) === result) kept.delete(key);
  });
  return result;
}

function innerHashes(tile: Uint8Array): Uint8Array {
  const inner = new Uint8Array(INNER_HASHES * HASH_BYTES);
  let [hashes, at] = [tile, 0];
  for (let level = 1; level <= INNER_LEVELS; level++) {
    hashes = levelAbove(hashes);
    inner.set(hashes, at);
    at += hashes.length;
  }
  return inner;
}

function levelAbove(hashes: Uint8Array): Uint8Array {
  const above = new Uint8Array(hashes.length / 2);
  for (let at = 0; at < above.length; at += HASH_BYTES) above.set(nodeHash(hashes.subarray(2 * at, 2 * at + HASH_BYTES), hashes.subarray(2 * at + HASH_BYTES, 2 * at + 2 * HASH_BYTES)), at);
  return above;
}

const buffer = new Uint8Array(1 + 2 * HASH_BYTES);
buffer[0] = 1;

/** SHA-256(0x01 ‖ left ‖ right). */
function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  buffer.set(left, 1);
  buffer.set(right, 1 + HASH_BYTES);
  return hash('sha256', buffer, 'buffer');
}
