import { type Tile, type TileReader } from '@boop/log';
import { cutTile } from '../store/log-store.ts';

/** Enough for every tile of a log of two million entries; the upper levels of a larger one stay, as they are asked for most. */
const BYTES_MAX = 64 * 1024 * 1024;

/**
 * Hash tiles in memory, least recently used first out. What was committed never changes, so nothing has to be invalidated: a tile that has
 * grown since is read again when a wider one is asked for. Entry bundles pass through. Concurrent reads of one tile are one read.
 */
export class TileCache implements TileReader {
  readonly #source: TileReader;
  readonly #bytesMax: number;
  readonly #tiles = new Map<string, Uint8Array>();
  readonly #reading = new Map<string, Promise<Uint8Array>>();
  #bytes = 0;

  constructor(source: TileReader, bytesMax = BYTES_MAX) {
    this.#source = source;
    this.#bytesMax = bytesMax;
  }

  /** Bytes of hashes held now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The bytes are shared: not to be changed. @throws BoopError `log.tile-missing` */
  async read(tile: Tile): Promise<Uint8Array> {
    const { level, index, width } = tile;
    if (level === 'entries') return await this.#source.read(tile);
    const name = `${level}/${index}`;
    const known = this.#tiles.get(name);
    if (known && known.length >= width * 32) {
      this.#keep(name, known);
      return cutTile(known, tile);
    }
    const request = `${name}/${width}`;
    const reading = this.#reading.get(request) ?? this.#fetch(name, tile).finally(() => this.#reading.delete(request));
    this.#reading.set(request, reading);
    return await reading;
  }

  async #fetch(name: string, tile: Tile): Promise<Uint8Array> {
    const bytes = await this.#source.read(tile);
    if (bytes.length > (this.#tiles.get(name)?.length ?? 0)) this.#keep(name, bytes);
    return bytes;
  }

  #keep(name: string, bytes: Uint8Array): void {
    this.#bytes += bytes.length - (this.#tiles.get(name)?.length ?? 0);
    this.#tiles.delete(name);
    this.#tiles.set(name, bytes);
    for (const [oldest, { length }] of this.#tiles) {
      if (this.#bytes <= this.#bytesMax) return;
      this.#tiles.delete(oldest);
      this.#bytes -= length;
    }
  }
}
