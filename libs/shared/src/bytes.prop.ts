import { describe, expect, test } from '@jest/globals';
import { base64urlnopad, hex } from '@scure/base';
import fc from 'fast-check';
import { fromBase64Url, fromHex, toBase64Url, toHex } from './bytes.ts';

/** The value, or that there is none. */
function outcome<T>(work: () => T): T | 'refused' {
  try {
    return work();
  } catch {
    return 'refused';
  }
}

describe('bytes as text', () => {
  test('are written and read as the portable codecs do, from any place in a buffer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(20), (all, from) => {
        const bytes = all.subarray(from);
        expect([toBase64Url(bytes), toHex(bytes)]).toEqual([base64urlnopad.encode(bytes), hex.encode(bytes)]);
        const read = fromBase64Url(toBase64Url(bytes));
        expect(read).toEqual(bytes);
        expect(read.buffer.byteLength).toBe(bytes.length);
        expect(Object.getPrototypeOf(read)).toBe(Uint8Array.prototype);
        expect(fromHex(toHex(bytes))).toEqual(bytes);
      }),
    );
  });

  test('nothing is read that the portable codecs refuse: padding, other alphabets, white space, tails that are not canonical', () => {
    const char = fc.constantFrom(...'ABCQgwz019-_+/= \n\u00e9\u{1f590}');
    fc.assert(
      fc.property(fc.string({ unit: char, maxLength: 12 }), (text) => {
        expect(outcome(() => fromBase64Url(text))).toEqual(outcome(() => base64urlnopad.decode(text)));
        expect(outcome(() => fromHex(text))).toEqual(outcome(() => hex.decode(text)));
      }),
      { numRuns: 2_000 },
    );
    for (const text of ['AA==', 'AB', 'A', 'AA\n', 'A+', 'A/', 'AAAAA']) expect(() => fromBase64Url(text)).toThrow();
  });
});
