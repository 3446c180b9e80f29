import { expect, test } from '@jest/globals';
import { fromHex, toHex } from '@boop/shared';
import { nodeAesCtr } from '@boop/testing';
import { softwareAesCtr } from './index.ts';
import { KeyStream } from './prf.ts';

const key = fromHex('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4');

test('block 0 under the zero key is H of GCM test case 13 (McGrew–Viega)', () => {
  expect(toHex(softwareAesCtr.keystream(new Uint8Array(32), 0, 1))).toBe('dc95c078a2408989ad48a21492842087');
});

test.each([0, 1, 255, 65_535, 2 ** 32 - 2, 2 ** 40])('software and OpenSSL agree from block %i on', (first) => {
  expect(toHex(softwareAesCtr.keystream(key, first, 5))).toBe(toHex(nodeAesCtr.keystream(key, first, 5)));
});

test('a stream is the keystream in order, however it is read, and is gone from its buffer after reading', () => {
  const served: Uint8Array[] = [];
  const recording = {
    keystream(k: Uint8Array, first: number, count: number) {
      served.push(softwareAesCtr.keystream(k, first, count));
      return served[served.length - 1]!;
    },
  };
  const stream = new KeyStream(recording, key.slice());
  const parts = [stream.bytes(3), stream.bytes(0), stream.bytes(5000), stream.bytes(2800), stream.bytes(1)];
  const whole = softwareAesCtr.keystream(key, 0, 600);
  expect(toHex(Uint8Array.from(parts.flatMap((part) => [...part])))).toBe(toHex(whole.subarray(0, 3 + 5000 + 2800 + 1)));
  expect(served[0]!.every((byte) => byte === 0)).toBe(true);
});

test('a wiped stream gives nothing more', () => {
  const stream = new KeyStream(softwareAesCtr, key.slice());
  stream.bytes(5);
  stream.wipe();
  expect(() => stream.bytes(1)).toThrow(expect.objectContaining({ code: 'keys.wiped' }));
});
