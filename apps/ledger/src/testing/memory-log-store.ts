import { emptyTreeHead, formatEntries, type Tile, TILE_WIDTH, type TreeHead } from '@boop/log';
import { equalBytes, toBase64Url } from '@boop/shared';
import { type Batch, conflict, cutTile, type LogStore, type PlacedEntry, type PublishedCheckpoint, type ServedCheckpoint, type StoredCheckpoint, tileMissing } from '../store/log-store.ts';

/** A {@link LogStore} for tests: the same contract, held to the same suite, except that it ends with the process. */
export class MemoryLogStore implements LogStore {
  #head: TreeHead = emptyTreeHead();
  #published: PublishedCheckpoint | undefined;
  readonly #entries: Uint8Array[] = [];
  readonly #indexes = new Map<string, number>();
  readonly #tiles = new Map<string, Uint8Array>();
  readonly #all = new Map<number, StoredCheckpoint>();
  readonly #cosignatures = new Map<number, Map<string, string>>();

  async head(): Promise<TreeHead> {
    return this.#head;
  }

  async leafIndexes(hashes: readonly Uint8Array[]): Promise<Map<string, number>> {
    const names = hashes.map(toBase64Url).filter((name) => this.#indexes.has(name));
    return new Map(names.map((name) => [name, this.#indexes.get(name)!]));
  }

  async entry(leafIndex: number): Promise<Uint8Array | undefined> {
    return this.#entries[leafIndex];
  }

  async find(hash: Uint8Array): Promise<PlacedEntry | undefined> {
    const leafIndex = this.#indexes.get(toBase64Url(hash));
    return leafIndex === undefined ? undefined : { leafIndex, bytes: this.#entries[leafIndex]! };
  }

  async read(tile: Tile): Promise<Uint8Array> {
    const { level, index, width } = tile;
    if (level !== 'entries') return cutTile(this.#tiles.get(`${level}/${index}`), tile);
    const entries = this.#entries.slice(index * TILE_WIDTH, index * TILE_WIDTH + width);
    if (entries.length < width) throw tileMissing();
    return formatEntries(entries);
  }

  async append({ from, to, entries, tiles }: Batch): Promise<void> {
    if (from.size !== this.#head.size || !equalBytes(from.root, this.#head.root)) throw conflict();
    for (const { hash, bytes } of entries) {
      this.#indexes.set(toBase64Url(hash), this.#entries.length);
      this.#entries.push(bytes.slice());
    }
    for (const { level, index, hashes } of tiles) this.#tiles.set(`${level}/${index}`, hashes.slice());
    this.#head = to;
  }

  async published(): Promise<ServedCheckpoint | undefined> {
    if (!this.#published) return undefined;
    const lines = this.#cosignatures.get(this.#published.size) ?? new Map<string, string>();
    return { ...this.#published, cosignatures: [...lines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line) };
  }

  async cosign(size: number, vkey: string, line: string): Promise<void> {
    if (!this.#all.has(size)) throw new Error('there is no such checkpoint');
    this.#cosignatures.set(size, new Map([...(this.#cosignatures.get(size) ?? []), [vkey, line]]));
  }

  async publish(checkpoint: PublishedCheckpoint, replaces: number | undefined): Promise<void> {
    if (this.#published?.size !== replaces || checkpoint.size > this.#head.size) throw conflict();
    const { size, root, note } = checkpoint;
    this.#all.set(size, { size, root, note });
    this.#published = checkpoint;
  }

  async checkpoint(size: number): Promise<string | undefined> {
    return this.#all.get(size)?.note;
  }

  async checkpoints(after: number, limit: number): Promise<StoredCheckpoint[]> {
    return [...this.#all.values()].filter(({ size }) => size > after).slice(0, limit);
  }
}
