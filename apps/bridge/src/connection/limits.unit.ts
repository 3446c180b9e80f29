import { type Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import * as ws from 'ws';
import { cborCodec, chooseSubprotocol, codecOf, jsonCodec } from './codec.ts';
import { frameOf } from './frame.ts';
import { IdentityCaps } from './identity-caps.ts';
import { originAllowed } from './socket-server.ts';
import { type Timed, TimerWheel } from './timer-wheel.ts';
import { TokenBucket } from './token-bucket.ts';
import { WrongKeys } from './wrong-keys.ts';

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

describe('wrong keys of an address', () => {
  const wrong = (keys: WrongKeys, address: string, nowMs: number, times: number) =>
    Array.from({ length: times }, () => {
      const ended = keys.begin(address, nowMs);
      ended?.(true);
      return ended !== undefined;
    }).filter(Boolean).length;

  test('are a minute\'s worth at once, then the rate; another address has its own', () => {
    const keys = new WrongKeys(60);
    expect(wrong(keys, 'a', 0, 100)).toBe(60);
    expect(keys.begin('a', 0)).toBeUndefined();
    expect(wrong(keys, 'b', 0, 100)).toBe(60);
    expect(wrong(keys, 'a', 5_000, 100)).toBe(5);
    expect(wrong(keys, 'a', 3_600_000, 100)).toBe(60);
  });

  test('are not more because they come at the same moment, but for the first time', () => {
    const keys = new WrongKeys(60);
    const wave = () => Array.from({ length: 1_000 }, () => keys.begin('a', 0)).filter((ended) => ended !== undefined);
    wave().forEach((ended) => ended(true));
    expect(wave()).toHaveLength(0);
    const early = Array.from({ length: 100 }, () => keys.begin('a', 30_000)).filter((ended) => ended !== undefined);
    expect(early).toHaveLength(30);
  });

  test('cost right ones nothing', () => {
    const keys = new WrongKeys(60);
    wrong(keys, 'a', 0, 59);
    for (let i = 0; i < 1_000; i++) keys.begin('a', 0)!(false);
    expect(wrong(keys, 'a', 0, 100)).toBe(1);
  });

  test('are remembered of so many addresses only', () => {
    const keys = new WrongKeys(1);
    wrong(keys, 'first', 0, 1);
    wrong(keys, 'second', 0, 1);
    for (let i = 0; i < 9_999; i++) wrong(keys, `other ${i}`, 0, 1);
    expect(keys.begin('first', 0)).toBeDefined();
    expect(keys.begin('second', 0)).toBeUndefined();
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

describe('the timer wheel', () => {
  class Waiting implements Timed {
    dueTick: number | undefined;
    readonly fired: number[] = [];
    readonly #startMs = performance.now();
    onTimer(): void {
      this.fired.push(performance.now() - this.#startMs);
    }
  }
  test('fires once, never early, also after more than a turn, and not at all when cleared', async () => {
    const wheel = new TimerWheel(1);
    const [short, long, cleared, moved] = [new Waiting(), new Waiting(), new Waiting(), new Waiting()];
    wheel.set(short, 20);
    wheel.set(long, 600);
    wheel.set(cleared, 30);
    wheel.set(moved, 10);
    wheel.set(moved, 300);
    wheel.clear(cleared);
    while (long.fired.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect([short, long, cleared, moved].map(({ fired }) => fired.length)).toEqual([1, 1, 0, 1]);
    expect(short.fired[0]).toBeGreaterThanOrEqual(20);
    expect(moved.fired[0]).toBeGreaterThanOrEqual(300);
    expect(long.fired[0]).toBeGreaterThanOrEqual(600);
  });
});

/** The client's half of the library that the frames are written past. */
const { Receiver } = ws as unknown as { Receiver: new (options: { isServer: boolean }) => Writable };

describe('frames', () => {
  test.each([0, 125, 126, 65_535, 65_536])('of %i bytes are read by another implementation', async (length) => {
    const payload = 'x'.repeat(length);
    const codec = { ...jsonCodec, encode: () => payload };
    const received: string[] = [];
    const receiver = new Receiver({ isServer: false });
    receiver.on('message', (data: Buffer) => received.push(data.toString()));
    await new Promise<void>((resolve) => receiver.write(frameOf({}, codec), () => resolve()));
    while (received.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(received).toEqual([payload]);
  });
});
