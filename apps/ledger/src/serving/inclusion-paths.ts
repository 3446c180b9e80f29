import { hash } from 'node:crypto';
import { TILE_WIDTH, type TileReader } from '@boop/log';

/** About 30 MB. The nodes above the lowest tiles are asked for in every proof and stay. */
const HASHES_MAX = 131_072;

/**
 * Inclusion proofs (RFC 9162 section 2.1.3.1) from tiles, quickly: the roots of subtrees inside tiles are kept once computed, and OpenSSL hashes.
 * With all tiles in memory a proof costs about 250 hashes, those of its lowest tile. What it gives is checked by nobody here: verifiers do.
 */
export class InclusionPaths {
  readonly #tiles: TileReader;
  readonly #hashesMax: number;
  readonly #known = new Map<string, Uint8Array>();

  constructor(tiles: TileReader, hashesMax = HASHES_MAX) {
    this.#tiles = tiles;
    this.#hashesMax = hashesMax;
  }

  /** Sibling hashes from the leaf up; index < size. */
  async path(index: number, size: number): Promise<Uint8Array[]> {
    const siblings: Promise<Uint8Array>[] = [];
    let [start, end] = [0, size];
    while (end - start > 1) {
      let half = 1;
      while (half * 2 < end - start) half *= 2;
      const split = start + half;
      siblings.push(index < split ? this.#range(split, end) : this.#range(start, split));
      [start, end] = index < split ? [start, split] : [split, end];
    }
    return (await Promise.all(siblings)).reverse();
  }

  /** Root over the leaves [start, end): of its perfect subtrees, folded from the right. */
  async #range(start: number, end: number): Promise<Uint8Array> {
    const subtrees: Promise<Uint8Array>[] = [];
    for (let at = start; at < end; ) {
      let level = 0;
      while (at + 2 ** (level + 1) <= end && at % 2 ** (level + 1) === 0) level++;
      subtrees.push(this.#subtree(level, at / 2 ** level));
      at += 2 ** level;
    }
    return (await Promise.all(subtrees)).reduceRight((right, left) => nodeHash(left, right));
  }

  async #subtree(level: number, index: number): Promise<Uint8Array> {
    const name = `${level}/${index}`;
    const known = this.#known.get(name);
    if (known) return known;
    const count = 2 ** (level % 8);
    const first = index * count;
    const offset = first % TILE_WIDTH;
    const bytes = await this.#tiles.read({ level: Math.floor(level / 8), index: Math.floor(first / TILE_WIDTH), width: offset + count });
    let hashes: Uint8Array[] = Array.from({ length: count }, (_, at) => bytes.subarray((offset + at) * 32, (offset + at + 1) * 32));
    while (hashes.length > 1) hashes = Array.from({ length: hashes.length / 2 }, (_, at) => nodeHash(hashes[2 * at]!, hashes[2 * at + 1]!));
    const root = hashes[0]!.slice();
    if (count > 1) this.#keep(name, root);
    return root;
  }

  /** Oldest out first: a node that is needed again is one computation. */
  #keep(name: string, root: Uint8Array): void {
    this.#known.set(name, root);
    if (this.#known.size > this.#hashesMax) this.#known.delete(this.#known.keys().next().value!);
  }
}

const buffer = new Uint8Array(65);
buffer[0] = 1;

/** SHA-256(0x01 ‖ left ‖ right). */
function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  buffer.set(left, 1);
  buffer.set(right, 33);
  return hash('sha256', buffer, 'buffer');
}
