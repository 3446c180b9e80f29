import { describe, expect, test } from '@jest/globals';
import { cborCodec, chooseSubprotocol, codecOf, jsonCodec } from './codec.ts';
import { IdentityCaps } from './identity-caps.ts';
import { originAllowed } from './socket-server.ts';
import { TokenBucket } from './token-bucket.ts';

describe('the rate limit', () => {
  test('allows a burst, then the sustained rate, and gains nothing from a clock that steps back', () => {
    const bucket = new TokenBucket({ perSecond: 2, capacity: 3, nowMs: 1_000 });
    expect([1, 2, 3, 4].map(() => bucket.take(1_000))).toEqual([true, true, true, false]);
    expect([bucket.take(1_400), bucket.take(1_500), bucket.take(1_600)]).toEqual([false, true, false]);
    expect(bucket.take(0)).toBe(false);
  });
});

describe('the cap per identity', () => {
  test('counts each place once, however often it is given back', () => {
    const caps = new IdentityCaps(2);
    const [first, second] = [caps.take('a'), caps.take('a')];
    expect(caps.take('a')).toBeUndefined();
    expect(caps.take('b')).toBeDefined();
    first!();
    first!();
    expect(caps.take('a')).toBeDefined();
    expect(caps.take('a')).toBeUndefined();
    second!();
  });
});

describe('codecs', () => {
  test.each([jsonCodec, cborCodec])('$name round-trips and refuses trailing bytes', (codec) => {
    const message = { type: 'ping', id: 'ü', n: 5, list: [1, { a: null }] };
    const frame = codec.encode(message);
    const bytes = typeof frame === 'string' ? new TextEncoder().encode(frame) : frame;
    expect(codec.decode(bytes)).toEqual(message);
    expect(() => codec.decode(Uint8Array.of(...bytes, 0x7d))).toThrow();
  });
  test('are chosen by subprotocol; without one it is JSON', () => {
    expect(chooseSubprotocol(new Set(['other', 'boop.v1.cbor']))).toBe('boop.v1.cbor');
    expect(chooseSubprotocol(new Set(['other']))).toBe(false);
    expect(codecOf('boop.v1.cbor')).toBe(cborCodec);
    expect(codecOf('')).toBe(jsonCodec);
  });
});

test('origins are compared as origins', () => {
  expect(originAllowed('https://a.example', ['https://a.example/console/'])).toBe(true);
  expect(originAllowed('https://a.example.evil.example', ['https://a.example'])).toBe(false);
  expect(originAllowed(undefined, ['https://a.example'])).toBe(true);
  expect(originAllowed('https://b.example', undefined)).toBe(true);
});
