import { describe, expect, test } from '@jest/globals';
import { softwareAesCtr } from '@boop/mpc';
import { seededRng } from '@boop/testing';
import { opensslAesCtr } from './aes-ctr.ts';

describe('AES-256-CTR of OpenSSL', () => {
  test.each([0, 1, 255, 2 ** 32 - 1, 2 ** 40])('gives the stream of the software cipher from block %d', (firstBlock) => {
    const key = seededRng(5).bytes(32);
    expect(opensslAesCtr.keystream(key, firstBlock, 5)).toEqual(softwareAesCtr.keystream(key, firstBlock, 5));
  });
});

test('filled memory is the same keystream, in order or not, under several keys at once', () => {
  const keys = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  for (const [first, blocks] of [[0, 3], [3, 5000], [5003, 1], [7, 2], [5004, 2]] as const) {
    for (const key of keys) {
      const target = new Uint8Array(new SharedArrayBuffer(16 * blocks));
      opensslAesCtr.fill!(key, first, target);
      expect(Buffer.compare(target, softwareAesCtr.keystream(key, first, blocks))).toBe(0);
    }
  }
});
