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
