import { type Tile, type TileReader } from '@boop/log';

/**
 * The log as somebody serves it: all of it hostile. Calls reject with a BoopError of kind `unavailable` when it can't be reached, and with
 * `log.tile-missing` for a tile that isn't served; answers are bounded in size and time by the adapter.
 */
export interface LogSource extends TileReader {
  /** Signed note. */
  checkpoint(): Promise<string>;
  /** Bytes of a `MapTransition`; undefined when it isn't served. */
  transition(revision: number): Promise<Uint8Array | undefined>;
  /** What is served as the newest revision of the map; undefined for a log without map. */
  mapHead(): Promise<MapHead | undefined>;
}

export interface MapHead {
  readonly revision: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** Where its record is in the log. */
  readonly leafIndex: number;
}

/**
 * What a monitor keeps. Contract: a call that resolves is durable; `writeTile` replaces what it had at that level and index; `readTile` gives
 * what was written last there, of whatever width, or undefined.
 */
export interface MonitorStore {
  load(): Promise<string | undefined>;
  save(state: string): Promise<void>;
  readTile(place: Pick<Tile, 'level' | 'index'>): Promise<Uint8Array | undefined>;
  writeTile(place: Pick<Tile, 'level' | 'index'>, bytes: Uint8Array): Promise<void>;
}
