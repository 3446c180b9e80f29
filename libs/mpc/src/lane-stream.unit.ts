import { expect, test } from '@jest/globals';
import { toHex } from '@boop/shared';
import { nodeAesCtr } from '@boop/testing';
import { LaneStream } from './lane-stream.ts';
import { KeyStream, type Prf } from './prf.ts';
import { fillingPrf } from './testing/block-harness.ts';
import { laneKernel } from './testing/committee-harness.ts';

const key = (): Uint8Array => new Uint8Array(32).fill(9);
const windows = [16, 512, 4096];
const prfs: Prf[] = [nodeAesCtr, fillingPrf];

test('bytes are the keystream in order, whatever the window and however the cipher serves it', () => {
  const sizes = [16, 64, 16, 512, 1024, 32, 16, 4096, 48];
  const expected = toHex(nodeAesCtr.keystream(key(), 0, sizes.reduce((sum, size) => sum + size, 0) / 16));
  for (const prf of prfs) {
    for (const window of windows) {
      const arena = laneKernel.createArena();
      const stream = new LaneStream(new KeyStream(prf, key()), arena, 4096, window);
      expect(sizes.map((size) => toHex(arena.view(stream.take(size), size))).join('')).toBe(expected);
    }
  }
});

test.each([8191, 65521])('residues over F_%i are the words of the keystream below p, none lost between calls', (p) => {
  const words = new Uint16Array(nodeAesCtr.keystream(key(), 0, 4000).buffer);
  const expected = [...words].map((word) => (p === 8191 ? word & 8191 : word)).filter((word) => word < p);
  // Some words must be outside the field for this to say anything.
  expect(expected.length).toBeLessThan(words.length);
  for (const prf of prfs) {
    for (const window of windows) {
      const arena = laneKernel.createArena();
      const stream = new LaneStream(new KeyStream(prf, key()), arena, 32, window);
      const at = arena.allocate(2 * 30_000);
      let count = 0;
      for (const wanted of [1, 7, 8, 9, 8192, 3, 20_000]) {
        stream.residues(p, at + 2 * count, wanted);
        count += wanted;
      }
      expect([...new Uint16Array(arena.view(at, 2 * count).slice().buffer)]).toEqual(expected.slice(0, count));
    }
  }
});

test('wiping erases the window, and nothing more comes', () => {
  const arena = laneKernel.createArena();
  const stream = new LaneStream(new KeyStream(nodeAesCtr, key()), arena, 64, 512);
  const at = stream.take(64);
  stream.wipe();
  expect(arena.view(at, 64).every((byte) => byte === 0)).toBe(true);
  expect(() => stream.take(16)).toThrow(expect.objectContaining({ code: 'keys.wiped' }));
});
