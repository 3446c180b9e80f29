import { type Tile, type TileReader, type TreeHead } from '@boop/log';
import { BoopError } from '@boop/shared';

export interface NewEntry {
  /** SHA-256 of the bytes, 32 bytes. */
  readonly hash: Uint8Array;
  /** At most 65,535 bytes. */
  readonly bytes: Uint8Array;
}

/** An entry and its place in the tree. */
export interface PlacedEntry {
  readonly leafIndex: number;
  readonly bytes: Uint8Array;
}

export interface HashTile {
  readonly level: number;
  readonly index: number;
  /** 1 to 256 hashes of 32 bytes: all that the tile holds, old ones first. */
  readonly hashes: Uint8Array;
}

export interface Batch {
  readonly from: TreeHead;
  readonly to: TreeHead;
  /** Leaves from.size … to.size − 1, in order. */
  readonly entries: readonly NewEntry[];
  readonly tiles: readonly HashTile[];
}

export interface PublishedCheckpoint extends TreeHead {
  /** C2SP signed note. */
  readonly note: string;
  /** Serialised public group key that signed it. */
  readonly groupKey: Uint8Array;
}

export interface StoredCheckpoint extends TreeHead {
  readonly note: string;
}

/** The newest checkpoint with the cosignature lines that were collected for it, in the order of their keys. */
export interface ServedCheckpoint extends PublishedCheckpoint {
  readonly cosignatures: readonly string[];
}

/** The note as it is served: signatures of nodes and witnesses below the log's own. */
export const stapled = ({ note, cosignatures }: ServedCheckpoint): string => note + cosignatures.join('');

/**
 * Where the log lives. Several processes may use one store at the same moment.
 *
 * Contract: `append` and `publish` are atomic and compare-and-swap: if the store no longer stands where the caller says,
 * nothing changes and `log.conflict` is thrown. When they resolve the change survives a crash; when they reject with anything
 * else it may or may not have happened, and the caller must read before it goes on. Reads see what is committed;
 * entries and full tiles never change, the last tile of a level only grows. Tiles are read as {@link TileReader} says, entry bundles too.
 */
export interface LogStore extends TileReader {
  /** What is in the tree, signed or not. */
  head(): Promise<TreeHead>;
  /** Leaf index by entry hash (base64url), for those that are in the tree. */
  leafIndexes(hashes: readonly Uint8Array[]): Promise<Map<string, number>>;
  entry(leafIndex: number): Promise<Uint8Array | undefined>;
  /** The entry with this hash, in one round trip. */
  find(hash: Uint8Array): Promise<PlacedEntry | undefined>;
  append(batch: Batch): Promise<void>;
  /** The checkpoint that may be served: the last one that was published. */
  published(): Promise<ServedCheckpoint | undefined>;
  /** @param replaces size of the checkpoint that this one follows, undefined for the first; earlier ones are kept */
  publish(checkpoint: PublishedCheckpoint, replaces: number | undefined): Promise<void>;
  /** Keeps a valid cosignature line of a published checkpoint, the last one of each key. */
  cosign(size: number, vkey: string, line: string): Promise<void>;
  /** The note that was published for this size. */
  checkpoint(size: number): Promise<string | undefined>;
  /** Those of more than `after` entries, in ascending order of size. */
  checkpoints(after: number, limit: number): Promise<StoredCheckpoint[]>;
}

export const conflict = (): BoopError => new BoopError('log.conflict', 'the log has moved on', { kind: 'unavailable' });

export const tileMissing = (): BoopError => new BoopError('log.tile-missing', 'the log has no such tile');

/** Cuts a stored tile to the width that is asked for. @throws BoopError `log.tile-missing` */
export function cutTile(stored: Uint8Array | undefined, { width }: Tile): Uint8Array {
  if (stored === undefined || stored.length < width * 32) throw tileMissing();
  return stored.slice(0, width * 32);
}
