import { createVerifierKey, formatVerifierKey, leafHash, nodeHash, parseEntries, SignatureType, TILE_WIDTH, treeRoot, type TreeHead, verifyCheckpoint } from '@boop/log';
import { concatBytes, equalBytes, toBase64Url } from '@boop/shared';
import { parseGroupKey } from '@boop/threshold';
import { sha256 } from '@noble/hashes/sha2.js';
import { type LogStore, type StoredCheckpoint } from '../store/log-store.ts';
import { at, demand } from './finding.ts';

export interface LogCheckOptions {
  readonly store: LogStore;
  readonly origin: string;
  /** Sees every entry in its order. */
  readonly onEntry: (bytes: Uint8Array, leafIndex: number) => void | Promise<void>;
}

const PAGE = 100;

/** Reads every entry once: its hash, its place, all tiles, and the root of each checkpoint ever published. @throws Finding */
export async function checkLog({ store, origin, onEntry }: LogCheckOptions): Promise<{ readonly head: TreeHead; readonly checkpoints: number }> {
  const published = await store.published();
  const head = await store.head();
  const vkey = published && vkeyOf(origin, published.groupKey);
  const tree = new Tree(store, head.size);
  let checkpoints = 0;
  let last = 0;
  for await (const checkpoint of allCheckpoints(store)) {
    if (checkpoint.size > head.size) break;
    await tree.readTo(checkpoint.size, onEntry);
    await checkCheckpoint(checkpoint, tree.root(), vkey);
    [checkpoints, last] = [checkpoints + 1, checkpoint.size];
  }
  await tree.readTo(head.size, onEntry);
  demand(equalBytes(tree.root(), head.root), `head of ${head.size} entries`, 'the head has the root of its entries');
  await tree.checkTiles();
  if (head.size > 0) demand(equalBytes(await treeRoot(store, head.size), head.root), 'tiles', 'the tiles lead to the root of the head');
  // Another one may have been published since.
  demand(published === undefined || last >= published.size, `checkpoint of ${published?.size ?? 0} entries`, 'the served checkpoint is one of those that were published');
  return { head, checkpoints };
}

async function checkCheckpoint({ size, root, note }: StoredCheckpoint, computed: Uint8Array, vkey: string | undefined): Promise<void> {
  const place = `checkpoint of ${size} entries`;
  demand(equalBytes(root, computed), place, 'a checkpoint has the root of its entries');
  demand(vkey !== undefined, place, "the log's key is stored with what it signed");
  const signed = await at(place, () => verifyCheckpoint(note, vkey));
  demand(signed.size === size && equalBytes(signed.root, root), place, 'a checkpoint is what its note says');
}

function vkeyOf(origin: string, groupKey: Uint8Array): string {
  return formatVerifierKey(createVerifierKey(origin, SignatureType.ed25519, parseGroupKey(groupKey).publicKey));
}

async function* allCheckpoints(store: LogStore): AsyncGenerator<StoredCheckpoint> {
  for (let after = -1; ; ) {
    const page = await store.checkpoints(after, PAGE);
    if (page.length === 0) return;
    yield* page;
    after = page.at(-1)!.size;
  }
}

/** Computes from the entries alone what the tiles must be. Memory: 32 bytes for every 256 entries, and one bundle. */
class Tree {
  readonly #store: LogStore;
  readonly #size: number;
  /** Hashes by tile level; of level 0 only those of the tile in the making. */
  readonly #levels: Uint8Array[][] = [[]];
  readonly #stack: Uint8Array[] = [];
  #bundle: Uint8Array[] = [];
  #count = 0;

  constructor(store: LogStore, size: number) {
    this.#store = store;
    this.#size = size;
  }

  async readTo(size: number, onEntry: LogCheckOptions['onEntry']): Promise<void> {
    while (this.#count < size) {
      if (this.#count % TILE_WIDTH === 0) await this.#load();
      const bytes = this.#bundle[this.#count % TILE_WIDTH]!;
      await onEntry(bytes, this.#count);
      this.#append(leafHash(bytes));
      if (this.#count % TILE_WIDTH === 0 || this.#count === this.#size) await this.#closeTile();
    }
  }

  /** RFC 6962 section 2.1, from the roots of perfect subtrees. */
  root(): Uint8Array {
    return this.#stack.length === 0 ? sha256(new Uint8Array(0)) : this.#stack.reduceRight((right, left) => nodeHash(left, right));
  }

  /** The tiles above the lowest. */
  async checkTiles(): Promise<void> {
    for (let level = 1; (this.#levels[level]?.length ?? 0) > 0; level++) {
      const hashes = this.#levels[level]!;
      for (let index = 0; index * TILE_WIDTH < hashes.length; index++) {
        const tile = hashes.slice(index * TILE_WIDTH, (index + 1) * TILE_WIDTH);
        await this.#compare(level, index, tile);
        if (tile.length === TILE_WIDTH) (this.#levels[level + 1] ??= []).push(perfectRoot(tile));
      }
    }
  }

  async #load(): Promise<void> {
    const index = this.#count / TILE_WIDTH;
    const width = Math.min(TILE_WIDTH, this.#size - this.#count);
    this.#bundle = await at(`entries from ${this.#count} on`, async () => parseEntries(await this.#store.read({ level: 'entries', index, width }), width));
    const hashes = this.#bundle.map((bytes) => sha256(bytes));
    const places = await this.#store.leafIndexes(hashes);
    hashes.forEach((hash, offset) => demand(places.get(toBase64Url(hash)) === this.#count + offset, `entry ${this.#count + offset}`, 'an entry is found at its place by its hash'));
  }

  #append(hash: Uint8Array): void {
    let merged = hash;
    for (let rest = this.#count; rest % 2 === 1; rest = Math.floor(rest / 2)) merged = nodeHash(this.#stack.pop()!, merged);
    this.#stack.push(merged);
    this.#levels[0]!.push(hash);
    this.#count += 1;
  }

  async #closeTile(): Promise<void> {
    const tile = this.#levels[0]!.splice(0);
    await this.#compare(0, Math.ceil(this.#count / TILE_WIDTH) - 1, tile);
    if (tile.length === TILE_WIDTH) (this.#levels[1] ??= []).push(perfectRoot(tile));
  }

  async #compare(level: number, index: number, hashes: readonly Uint8Array[]): Promise<void> {
    const place = `tile ${level}/${index}`;
    const stored = await at(place, () => this.#store.read({ level, index, width: hashes.length }));
    demand(equalBytes(stored, concatBytes(...hashes)), place, 'a tile holds the hashes of what lies below it');
  }
}

function perfectRoot(hashes: readonly Uint8Array[]): Uint8Array {
  let level = hashes;
  while (level.length > 1) level = Array.from({ length: level.length / 2 }, (_, i) => nodeHash(level[2 * i]!, level[2 * i + 1]!));
  return level[0]!;
}
