import { describe, expect, test } from '@jest/globals';
import { softwareAesCtr } from '@boop/mpc';
import { opensslCtr } from './openssl-ctr.ts';

const key = (): Uint8Array => Uint8Array.from({ length: 32 }, (_, i) => i);

describe('the keystream', () => {
  test('is the one of the software cipher, read in order, from anywhere, and twice', () => {
    const own = key();
    for (const [first, count] of [[0, 3], [3, 20_000], [20_003, 1], [7, 2], [2 ** 32 - 1, 2], [0, 3]] as const) expect(opensslCtr.keystream(own, first, count)).toEqual(softwareAesCtr.keystream(key(), first, count));
  });

  test('goes over what was in shared memory', () => {
    const target = new Uint8Array(new SharedArrayBuffer(64)).fill(9);
    opensslCtr.fill(key(), 5, target.subarray(16, 48));
    expect([...target]).toEqual([...new Array(16).fill(9), ...softwareAesCtr.keystream(key(), 5, 2), ...new Array(16).fill(9)]);
  });

  test('goes on at the next block after one that was filled in part', () => {
    const own = key();
    opensslCtr.fill(own, 0, new Uint8Array(20));
    expect(opensslCtr.keystream(own, 2, 1)).toEqual(softwareAesCtr.keystream(key(), 2, 1));
  });

  test('of several keys may be read in turns, in order or not', () => {
    const keys = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    for (const [first, count] of [[0, 3], [3, 5_000], [5_003, 1], [7, 2], [5_004, 2]] as const)
      for (const own of keys) expect(opensslCtr.keystream(own, first, count)).toEqual(softwareAesCtr.keystream(own, first, count));
  });

  test('of equal keys in two objects does not mix', () => {
    const [a, b] = [key(), key()];
    opensslCtr.keystream(a, 0, 1);
    b[0] = 99;
    expect(opensslCtr.keystream(b, 1, 1)).toEqual(softwareAesCtr.keystream(b, 1, 1));
  });
});
