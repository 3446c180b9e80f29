import { formatEntries, HASH_BYTES, parseEntries, type Tile, TILE_WIDTH, type TileReader, type TileWrite } from '@boop/log';
import { BoopError } from '@boop/shared';
import { type MonitorStore } from './ports.ts';

/** The monitor's own copy of the log, one tile for each place in its widest form; narrower ones are cut from it. */
export class Mirror implements TileReader {
  readonly #store: MonitorStore;

  constructor(store: MonitorStore) {
    this.#store = store;
  }

  async read(tile: Tile): Promise<Uint8Array> {
    const stored = await this.#store.readTile(tile);
    const cut = stored && cutTile(stored, tile);
    if (cut === undefined) throw new BoopError('log.tile-missing', 'the mirror has no such tile', { kind: 'fatal' });
    return cut;
  }

  /** The entry at a place below `size`. */
  async entry(leafIndex: number, size: number): Promise<Uint8Array> {
    const index = Math.floor(leafIndex / TILE_WIDTH);
    const width = Math.min(TILE_WIDTH, size - index * TILE_WIDTH);
    return parseEntries(await this.read({ level: 'entries', index, width }), width)[leafIndex % TILE_WIDTH]!;
  }

  async write(writes: readonly TileWrite[]): Promise<void> {
    for (const { tile, bytes } of writes) await this.#store.writeTile(tile, bytes);
  }
}

/** The first `width` hashes or entries of a tile that has at least as many. */
export function cutTile(bytes: Uint8Array, { level, width }: Tile): Uint8Array | undefined {
  if (level !== 'entries') return bytes.length >= width * HASH_BYTES ? bytes.slice(0, width * HASH_BYTES) : undefined;
  const entries = allEntries(bytes);
  return entries.length >= width ? formatEntries(entries.slice(0, width)) : undefined;
}

function allEntries(bytes: Uint8Array): Uint8Array[] {
  let count = 0;
  for (let at = 0; at + 2 <= bytes.length && count < TILE_WIDTH; count++) at += 2 + ((bytes[at]! << 8) | bytes[at + 1]!);
  return parseEntries(bytes, count);
}
