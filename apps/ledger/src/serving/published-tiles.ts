import { type Tile, TILE_WIDTH, type TileReader } from '@boop/log';
import { type LogStore, type ServedCheckpoint, tileMissing } from '../store/log-store.ts';

/**
 * What the public may see: the last published checkpoint, and tiles and entries that it covers. The tree may be larger; that part
 * is served only once a checkpoint has been signed for it.
 */
export class PublishedTiles {
  readonly #store: LogStore;
  readonly #tiles: TileReader;
  /** Published sizes only grow, so an old one never shows too much. */
  #knownSize = 0;

  /** @param tiles the store's, perhaps cached */
  constructor(store: LogStore, tiles: TileReader = store) {
    this.#store = store;
    this.#tiles = tiles;
  }

  async checkpoint(): Promise<ServedCheckpoint | undefined> {
    const published = await this.#store.published();
    this.#knownSize = Math.max(this.#knownSize, published?.size ?? 0);
    return published;
  }

  /** @throws BoopError `log.tile-missing` also for hashes that no published checkpoint covers */
  async read(tile: Tile): Promise<Uint8Array> {
    const needed = coveringSize(tile);
    if (needed > this.#knownSize) await this.checkpoint();
    if (needed > this.#knownSize) throw tileMissing();
    return await this.#tiles.read(tile);
  }
}

/** The smallest tree that has these hashes. */
const coveringSize = ({ level, index, width }: Tile): number => (index * TILE_WIDTH + width) * TILE_WIDTH ** (level === 'entries' ? 0 : level);
