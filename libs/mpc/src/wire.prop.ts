import { expect, test } from '@jest/globals';
import { createField } from '@boop/field';
import { partyId } from '@boop/shared';
import fc from 'fast-check';
import { decodeBits, decodeResidues, encodeBits, encodeResidues } from './wire.ts';

const from = partyId(2);
const malformed = expect.objectContaining({ code: 'mpc.malformed-message', blame: [2] });

test.each([8191, 65521])('residues survive, and every other byte string of a round is refused, p = %i', (p) => {
  const field = createField(p);
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer({ min: 0, max: p - 1 }), fc.constantFrom(0, p - 1)), { maxLength: 70 }), (values) => {
      const encoded = encodeResidues(field, Uint16Array.from(values));
      expect(encoded.length).toBe(Math.ceil((values.length * field.bits) / 8));
      expect([...decodeResidues(field, encoded, values.length, from)]).toEqual(values);
      expect(() => decodeResidues(field, Uint8Array.of(...encoded, 0), values.length, from)).toThrow(malformed);
      if (encoded.length > 0) expect(() => decodeResidues(field, encoded.subarray(1), values.length, from)).toThrow(malformed);
    }),
  );
  const outside = new Uint16Array(3).fill(p);
  expect(() => decodeResidues(field, encodeResidues(field, outside), 3, from)).toThrow(malformed);
});

test('padding bits of residues and of bits must be zero', () => {
  const field = createField(8191);
  expect(() => decodeResidues(field, Uint8Array.of(1, 0x20), 1, from)).toThrow(malformed);
  expect(() => decodeBits(Uint8Array.of(0b100), 2, from)).toThrow(malformed);
  expect([...decodeBits(Uint8Array.of(0b10), 2, from)]).toEqual([2]);
});

test('bits survive, cut to their number', () => {
  fc.assert(
    fc.property(fc.uint32Array({ minLength: 1, maxLength: 5 }), fc.nat(31), (words, spare) => {
      const bits = words.length * 32 - spare;
      const expected = words.slice();
      if (spare > 0) expected[words.length - 1]! &= 2 ** (32 - spare) - 1;
      const encoded = encodeBits(words, bits);
      expect([...decodeBits(encoded, bits, from)]).toEqual([...expected]);
      expect(() => decodeBits(Uint8Array.of(...encoded, 0), bits, from)).toThrow(malformed);
    }),
  );
});
