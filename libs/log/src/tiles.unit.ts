import { describe, expect, test } from '@jest/globals';
import { entriesOf } from './fixtures/rfc6962.ts';
import { MemoryLog } from './fixtures/memory-log.ts';
import { appendEntries, consistencyProof, formatEntries, inclusionProof, newTiles, parseEntries, parseTilePath, type Tile, tilePath } from './index.ts';

describe('tile paths (C2SP tlog-tiles)', () => {
  test.each<[Tile, string]>([
    [{ level: 0, index: 1234067, width: 256 }, 'tile/0/x001/x234/067'],
    [{ level: 4, index: 1234067, width: 1 }, 'tile/4/x001/x234/067.p/1'],
    [{ level: 'entries', index: 0, width: 255 }, 'tile/entries/000.p/255'],
    [{ level: 63, index: 1000, width: 256 }, 'tile/63/x001/000'],
    [{ level: 'entries', index: 999, width: 256 }, 'tile/entries/999'],
  ])('%j is %s', (tile, path) => {
    expect(tilePath(tile)).toBe(path);
    expect(parseTilePath(path)).toEqual(tile);
  });

  test.each([
    'tile/0/0', 'tile/0/67', 'tile/0/x000/001', 'tile/0/001/x001', 'tile/0/x001', 'tile/00/001', 'tile/64/001', 'tile/-1/001', 'tile/0/001.p/0', 'tile/0/001.p/256',
    'tile/0/001.p/01', 'tile/0/001.p/', 'tile/data/001', '/tile/0/001', 'tile/0/001/', 'tile/0/001\n', 'tile/0/x999/x999/x999/x999/x999/x999/999', '',
  ])('%j is refused', (path) => {
    expect(() => parseTilePath(path)).toThrow(expect.objectContaining({ code: 'log.malformed-tile-path' }));
  });
});

describe('the tiles of a tree', () => {
  const summary = (tiles: Tile[]) => {
    const counts = new Map<string, number>();
    for (const { level, width } of tiles) counts.set(`${level}:${width}`, (counts.get(`${level}:${width}`) ?? 0) + 1);
    return Object.fromEntries(counts);
  };

  test('are those of the examples in tlog-tiles', () => {
    expect(summary(newTiles(0, 70_000))).toEqual({ '0:256': 273, '0:112': 1, '1:256': 1, '1:17': 1, '2:1': 1 });
    expect(summary(newTiles(0, 256))).toEqual({ '0:256': 1, '1:1': 1 });
  });

  test('that change are written, and no others', () => {
    expect(newTiles(255, 257).map(tilePath)).toEqual(['tile/0/000', 'tile/0/001.p/1', 'tile/1/000.p/1']);
    expect(newTiles(5, 5)).toEqual([]);
    expect(newTiles(257, 258).map(tilePath)).toEqual(['tile/0/001.p/2']);
    expect(() => newTiles(2, 1)).toThrow(expect.objectContaining({ code: 'log.invalid-size' }));
  });
});

describe('entry bundles', () => {
  test('hold entries of 0 to 65,535 bytes behind big-endian lengths', () => {
    const entries = [new Uint8Array(0), Uint8Array.of(7), new Uint8Array(65_535).fill(1)];
    const bundle = formatEntries(entries);
    expect([...bundle.slice(0, 7)]).toEqual([0, 0, 0, 1, 7, 0xff, 0xff]);
    expect(parseEntries(bundle, 3)).toEqual(entries);
    expect(() => formatEntries([new Uint8Array(65_536)])).toThrow(expect.objectContaining({ code: 'log.entry-too-long' }));
  });

  test('are refused with another count, cut or extended', () => {
    const bundle = formatEntries(entriesOf(0, 3));
    const refusal = expect.objectContaining({ code: 'log.malformed-entries' });
    for (const count of [0, 2, 4]) expect(() => parseEntries(bundle, count)).toThrow(refusal);
    for (let length = 0; length < bundle.length; length++) expect(() => parseEntries(bundle.slice(0, length), 3)).toThrow(refusal);
    expect(() => parseEntries(Uint8Array.of(...bundle, 0), 3)).toThrow(refusal);
  });
});

describe('appending', () => {
  test('nothing is written for no entries', async () => {
    const log = new MemoryLog();
    expect(await appendEntries(log, log.head, [])).toEqual({ head: log.head, writes: [] });
  });

  test('is refused on tiles that do not have the root of the head', async () => {
    const log = new MemoryLog();
    await log.append(entriesOf(0, 300));
    const tile = log.tiles.get('tile/0/001.p/44')!;
    log.tiles.set('tile/0/001.p/44', tile.map((byte, at) => (at === 40 ? byte ^ 1 : byte)));
    await expect(appendEntries(log, log.head, entriesOf(300, 301))).rejects.toMatchObject({ code: 'log.tile-corrupt', kind: 'fatal' });
    log.tiles.set('tile/0/001.p/44', tile.slice(1));
    await expect(appendEntries(log, log.head, entriesOf(300, 301))).rejects.toMatchObject({ code: 'log.malformed-tile' });
    log.tiles.delete('tile/0/001.p/44');
    await expect(appendEntries(log, log.head, entriesOf(300, 301))).rejects.toMatchObject({ code: 'log.tile-missing' });
  });

  test('proofs are refused outside the tree', async () => {
    const log = new MemoryLog();
    await log.append(entriesOf(0, 3));
    const refusal = { code: 'log.invalid-size' };
    await expect(inclusionProof(log, 3, 3)).rejects.toMatchObject(refusal);
    await expect(consistencyProof(log, 0, 3)).rejects.toMatchObject(refusal);
    await expect(consistencyProof(log, 3, 2)).rejects.toMatchObject(refusal);
    expect(await consistencyProof(log, 3, 3)).toEqual([]);
  });
});
