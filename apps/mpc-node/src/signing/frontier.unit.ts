import { describe, expect, test } from '@jest/globals';
import { appendEntries, emptyTreeHead, type TileReader, tilePath } from '@boop/log';
import { appendTo, emptyFrontier, parseFrontier, rootOf } from './frontier.ts';

const entries = Array.from({ length: 70 }, (_, at) => Uint8Array.of(at));
const none: TileReader = { read: async (tile) => await Promise.reject(new Error(tilePath(tile))) };
const rootFromTiles = async (size: number): Promise<Uint8Array> => (await appendEntries(none, emptyTreeHead(), entries.slice(0, size))).head.root;

describe('a frontier', () => {
  test('has the root of the tree at every size, however it came there', async () => {
    let stepwise = emptyFrontier();
    for (let size = 0; size <= entries.length; size++) {
      const root = await rootFromTiles(size);
      expect(rootOf(stepwise)).toEqual(root);
      expect(rootOf(appendTo(emptyFrontier(), entries.slice(0, size)))).toEqual(root);
      expect(parseFrontier(size, stepwise.hashes)).toEqual(stepwise);
      stepwise = appendTo(stepwise, entries.slice(size, size + 1));
    }
  });

  test.each([
    ['too few', 7, 2],
    ['too many', 8, 2],
    ['some of an empty tree', 0, 1],
  ])('with %s hashes is refused', (_, size, count) => {
    expect(() => parseFrontier(size, Array.from({ length: count }, () => new Uint8Array(32)))).toThrow(expect.objectContaining({ code: 'log.malformed-frontier' }));
    expect(() => parseFrontier(1, [new Uint8Array(31)])).toThrow(expect.objectContaining({ code: 'log.malformed-frontier' }));
  });
});
