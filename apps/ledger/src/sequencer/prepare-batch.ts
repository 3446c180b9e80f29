import { appendEntries, type TileReader, type TreeHead } from '@boop/log';
import { type Batch, type HashTile, type NewEntry } from '../store/log-store.ts';

/** What the log becomes when these entries follow the tree at `from`; writes nothing. @throws BoopError `log.tile-corrupt`, `log.entry-too-long` */
export async function prepareBatch(tiles: TileReader, from: TreeHead, entries: readonly NewEntry[]): Promise<Batch> {
  const { head, writes } = await appendEntries(tiles, from, entries.map(({ bytes }) => bytes));
  const hashTiles = writes.flatMap(({ tile: { level, index }, bytes }): HashTile[] => (level === 'entries' ? [] : [{ level, index, hashes: bytes }]));
  return { from, to: head, entries, tiles: hashTiles };
}
