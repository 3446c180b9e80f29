import { isMapRevision, nodeHash, parseEntries, parseMapRevision, TILE_WIDTH, type TileReader } from '@boop/log';
import { BoopError } from '@boop/shared';

/** A stretch of the log for a node to read before it signs. */
export interface LogPage {
  readonly from: number;
  /** Roots of the perfect subtrees of the first `from` entries, largest first. */
  readonly frontier: readonly Uint8Array[];
  readonly entries: readonly Uint8Array[];
  /** Of the map revisions among the entries, in their order. */
  readonly transitions: readonly Uint8Array[];
}

/** Far below what a frame of a link holds, also with one transition more. */
const PAGE_BYTES_MAX = 2 * 1024 * 1024;
const ENTRIES_MAX = 4_096;
const TRANSITIONS_MAX = 64;
/** A node verifies a page at one go: about a thousand signatures at most. */
const TRANSITION_BYTES_MAX = 256 * 1024;

/** Cuts the log into pages. */
export class LogPages {
  readonly #tiles: TileReader;
  readonly #transition: (revision: number) => Promise<Uint8Array | undefined>;

  constructor(tiles: TileReader, transition: (revision: number) => Promise<Uint8Array | undefined>) {
    this.#tiles = tiles;
    this.#transition = transition;
  }

  /** The page that begins at `from`, at least one entry, none from `to` on. @throws BoopError `map.transition-missing` (fatal), and what the reader throws */
  async page(from: number, to: number): Promise<LogPage> {
    const entries: Uint8Array[] = [];
    const transitions: Uint8Array[] = [];
    let [bytes, transitionBytes] = [0, 0];
    const isFull = (): boolean => bytes >= PAGE_BYTES_MAX || transitionBytes >= TRANSITION_BYTES_MAX || entries.length >= ENTRIES_MAX || transitions.length >= TRANSITIONS_MAX;
    for (let at = from; at < to && !isFull(); ) {
      const bundle = await this.#bundleAt(at, to);
      for (const entry of bundle) {
        if (isFull()) break;
        entries.push(entry);
        bytes += entry.length;
        if (!isMapRevision(entry)) continue;
        const transition = await this.#transitionOf(entry);
        transitions.push(transition);
        transitionBytes += transition.length;
      }
      at += bundle.length;
    }
    return { from, frontier: await this.#frontier(from), entries, transitions };
  }

  async #bundleAt(at: number, to: number): Promise<Uint8Array[]> {
    const index = Math.floor(at / TILE_WIDTH);
    const width = Math.min(TILE_WIDTH, to - index * TILE_WIDTH);
    return parseEntries(await this.#tiles.read({ level: 'entries', index, width }), width).slice(at % TILE_WIDTH);
  }

  async #transitionOf(record: Uint8Array): Promise<Uint8Array> {
    const transition = await this.#transition(parseMapRevision(record).revision);
    if (!transition) throw new BoopError('map.transition-missing', 'a revision is in the log and its transition is not stored', { kind: 'fatal' });
    return transition;
  }

  async #frontier(size: number): Promise<Uint8Array[]> {
    const hashes: Uint8Array[] = [];
    for (let at = 0; at < size; ) {
      let level = 0;
      while (at + 2 ** (level + 1) <= size && at % 2 ** (level + 1) === 0) level++;
      hashes.push(await this.#subtree(level, at / 2 ** level));
      at += 2 ** level;
    }
    return hashes;
  }

  async #subtree(level: number, index: number): Promise<Uint8Array> {
    const count = 2 ** (level % 8);
    const offset = (index * count) % TILE_WIDTH;
    const tile = { level: Math.floor(level / 8), index: Math.floor((index * count) / TILE_WIDTH), width: offset + count };
    const bytes = await this.#tiles.read(tile);
    let hashes: Uint8Array[] = Array.from({ length: count }, (_, at) => bytes.slice((offset + at) * 32, (offset + at + 1) * 32));
    while (hashes.length > 1) hashes = Array.from({ length: hashes.length / 2 }, (_, at) => nodeHash(hashes[2 * at]!, hashes[2 * at + 1]!));
    return hashes[0]!;
  }
}
