import { describe, expect, test } from '@jest/globals';
import { utf8 } from '@boop/shared';
import fc from 'fast-check';
import { openRow, sealRow, SEALED_ROW_OVERHEAD_BYTES } from './sealed-row.ts';

const keys = fc.uint8Array({ minLength: 32, maxLength: 32 });
const aad = utf8('gallery/7/epoch/1');

describe('a sealed row', () => {
  test('opens to what was sealed, and never looks the same twice', () => {
    fc.assert(
      fc.property(keys, fc.uint8Array({ maxLength: 300 }), (key, plaintext) => {
        const sealed = sealRow(key, plaintext, aad);
        expect(sealed.length).toBe(plaintext.length + SEALED_ROW_OVERHEAD_BYTES);
        expect(openRow(key, sealed, aad)).toEqual(plaintext);
        expect(sealRow(key, plaintext, aad)).not.toEqual(sealed);
      }),
    );
  });

  test('is refused after any change of one bit, another aad, or a cut', () => {
    fc.assert(
      fc.property(keys, fc.uint8Array({ maxLength: 64 }), fc.nat(), fc.integer({ min: 0, max: 7 }), (key, plaintext, at, bit) => {
        const sealed = sealRow(key, plaintext, aad);
        const altered = sealed.slice();
        altered[at % altered.length]! ^= 1 << bit;
        for (const [bytes, context] of [[altered, aad], [sealed, utf8('gallery/8/epoch/1')], [sealed.subarray(0, at % sealed.length), aad]] as const) {
          expect(() => openRow(key, bytes, context)).toThrow(expect.objectContaining({ code: 'store.tampered', kind: 'fatal' }));
        }
      }),
    );
  });
});
