import { formatMapTransition, type Tile, type TreeHead } from '@boop/log';
import { MapLog } from '@boop/log/testing';
import { utf8 } from '@boop/shared';
import { type LogSource, type MapHead } from '../ports.ts';

/** A log in memory as a monitor is served it; what is served can be swapped or bent. */
export class ServedLog implements LogSource {
  log: MapLog;
  /** Head that is served, when it isn't the newest. */
  head: TreeHead | undefined;
  /** Applied to the checkpoint before it is served. */
  bendCheckpoint: (note: string) => string = (note) => note;
  bendTransition: (bytes: Uint8Array, revision: number) => Uint8Array | undefined = (bytes) => bytes;
  claimedMapHead: MapHead | undefined;
  readonly requests: string[] = [];

  constructor(log: MapLog) {
    this.log = log;
  }

  async checkpoint(): Promise<string> {
    return this.bendCheckpoint(this.log.checkpoint(this.head));
  }

  async read(tile: Tile): Promise<Uint8Array> {
    this.requests.push(`${tile.level}/${tile.index}`);
    return this.log.log.read(tile);
  }

  async transition(revision: number): Promise<Uint8Array | undefined> {
    const record = this.log.records[revision - 1];
    return record && this.bendTransition(formatMapTransition(record.transition), revision);
  }

  async mapHead(): Promise<MapHead | undefined> {
    const last = this.log.records.at(-1);
    return this.claimedMapHead ?? (last && { revision: last.revision.revision, root: last.revision.root, leafIndex: last.leafIndex });
  }
}

/** A log with these entries and no map. */
export async function logOf(entries: readonly string[]): Promise<MapLog> {
  const log = new MapLog();
  await log.append(entries.map(utf8));
  return log;
}
