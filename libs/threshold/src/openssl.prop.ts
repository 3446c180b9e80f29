import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { describe, expect, test } from '@jest/globals';
import { opensslArithmetic } from '@boop/platform';
import { concatBytes, toHex, utf8 } from '@boop/shared';
import fc from 'fast-check';
import { type GroupArithmetic, portableArithmetic } from './index.ts';

const { Fn, BASE } = p256.Point;
const both = (work: (arithmetic: GroupArithmetic) => Uint8Array): void => expect(toHex(work(opensslArithmetic))).toBe(toHex(work(portableArithmetic)));
const scalar = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(1n, 2n, 3n, Fn.ORDER - 1n, Fn.ORDER - 2n, Fn.ORDER - 3n, (Fn.ORDER - 1n) / 2n, (Fn.ORDER + 1n) / 2n) },
  { weight: 2, arbitrary: fc.bigInt(1n, Fn.ORDER - 1n) },
);

/** RFC 7748's order-8 point of edwards25519. */
const torsion = ed25519.Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a');

describe('OpenSSL and the portable arithmetic agree', () => {
  test('on multiples of P-256 elements, at the ends of the range too', () => {
    fc.assert(
      fc.property(scalar, scalar, (a, b) => {
        const element = BASE.multiply(a).toBytes(false);
        both(({ p256: curve }) => curve.multiply(element, Fn.toBytes(b)));
        both(({ p256: curve }) => curve.multiplyBase(Fn.toBytes(b)));
      }),
      { numRuns: 120 },
    );
  });

  test('on several multiples and sums at once, doublings among them, and on compressed elements', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(scalar, scalar), { minLength: 1, maxLength: 4 }), (pairs) => {
        const terms = pairs.map(([a, b]) => [BASE.multiply(a).toBytes(false), Fn.toBytes(b)] as const);
        both(({ p256: curve }) => concatBytes(...curve.multiplyEach(terms)));
        const sums = terms.flatMap(([element], at) => [[element, element] as const, ...(at > 0 && pairs[0]![0] + pairs[at]![0] !== Fn.ORDER ? [[terms[0]![0], element] as const] : [])]);
        both(({ p256: curve }) => concatBytes(...curve.addEach(sums)));
        for (const [a] of pairs) both(({ p256: curve }) => curve.decompress(BASE.multiply(a).toBytes(true)));
      }),
      { numRuns: 60 },
    );
  });

  test('to refuse sums that are the identity, and elements off the curve in a list', () => {
    const [element, opposite] = [BASE.multiply(7n), BASE.multiply(7n).negate()].map((point) => point.toBytes(false));
    const off = element!.map((byte, at) => (at === 64 ? byte ^ 1 : byte));
    for (const { p256: curve } of [opensslArithmetic, portableArithmetic]) {
      expect(() => curve.addEach([[element!, element!], [element!, opposite!]])).toThrow(RangeError);
      for (const wrong of [off, element!.slice(1), BASE.toBytes(true), Uint8Array.of(4, ...new Uint8Array(64).fill(0xff))]) {
        expect(() => curve.addEach([[element!, opposite!.slice()], [wrong, element!]])).toThrow(RangeError);
        expect(() => curve.addEach([[element!, wrong]])).toThrow(RangeError);
        expect(() => curve.multiplyEach([[element!, Fn.toBytes(5n)], [wrong, Fn.toBytes(5n)]])).toThrow(RangeError);
      }
    }
  });

  test.each<[string, Uint8Array]>([
    ['uncompressed', BASE.toBytes(false)],
    ['a hybrid prefix', Uint8Array.of(6, ...BASE.toBytes(true).slice(1))],
    ['the identity', new Uint8Array(1)],
    ['zeros', new Uint8Array(33)],
    ['an x of no element', Uint8Array.of(2, ...new Uint8Array(31), 1)],
    ['an x that is not reduced', Uint8Array.of(2, ...Uint8Array.from({ length: 32 }, (_, at) => Number(((p256.Point.Fp.ORDER + 5n) >> BigInt(8 * (31 - at))) & 255n)))],
    ['nothing', new Uint8Array(0)],
  ])('to refuse as a compressed element: %s', (_what, bytes) => {
    for (const { p256: curve } of [opensslArithmetic, portableArithmetic]) expect(() => curve.decompress(bytes)).toThrow(RangeError);
  });

  test.each<[string, Uint8Array, Uint8Array]>([
    ['zero', BASE.toBytes(false), new Uint8Array(32)],
    ['the order', BASE.toBytes(false), new Uint8Array(32).map((_, at) => Number((Fn.ORDER >> BigInt(8 * (31 - at))) & 255n))],
    ['a scalar above the order', BASE.toBytes(false), new Uint8Array(32).fill(0xff)],
    ['a short scalar', BASE.toBytes(false), new Uint8Array(31).fill(1)],
    ['a compressed element', BASE.toBytes(true), Fn.toBytes(5n)],
    ['an element off the curve', BASE.toBytes(false).map((byte, at) => (at === 64 ? byte ^ 1 : byte)), Fn.toBytes(5n)],
    ['an element off the curve times one', BASE.toBytes(false).map((byte, at) => (at === 64 ? byte ^ 1 : byte)), Fn.toBytes(1n)],
    ['an element off the curve times minus one', BASE.toBytes(false).map((byte, at) => (at === 64 ? byte ^ 1 : byte)), Fn.toBytes(Fn.ORDER - 1n)],
    ['a coordinate that is not reduced', Uint8Array.of(4, ...new Uint8Array(64).fill(0xff)), Fn.toBytes(5n)],
    ['nothing', new Uint8Array(0), Fn.toBytes(5n)],
  ])('to refuse %s', (_what, element, bytes) => {
    for (const { p256: curve } of [opensslArithmetic, portableArithmetic]) expect(() => curve.multiply(element, bytes)).toThrow(RangeError);
  });

  test.each([new Uint8Array(32), new Uint8Array(32).fill(0xff), new Uint8Array(31)])('to refuse the base times a scalar out of range', (bytes) => {
    for (const { p256: curve } of [opensslArithmetic, portableArithmetic]) expect(() => curve.multiplyBase(bytes)).toThrow(RangeError);
  });

  test('on which Ed25519 elements have prime order, with every component of small order', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, ed25519.Point.Fn.ORDER - 1n), fc.integer({ min: 0, max: 7 }), (k, order) => {
        const point = (k === 0n ? ed25519.Point.ZERO : ed25519.Point.BASE.multiply(k)).add(torsion.multiplyUnsafe(BigInt(order)));
        for (const { ed25519: curve } of [opensslArithmetic, portableArithmetic]) expect(curve.isOfPrimeOrder(point.toBytes())).toBe(order === 0 && k !== 0n);
      }),
      { numRuns: 60, examples: Array.from({ length: 8 }, (_, order) => [0n, order]) },
    );
  });

  test('on Ed25519 signatures', () => {
    const { secretKey, publicKey } = ed25519.keygen(new Uint8Array(32).fill(7));
    const signature = ed25519.sign(utf8('x'), secretKey);
    const altered = signature.map((byte, at) => (at === 40 ? byte ^ 1 : byte));
    for (const { ed25519: curve } of [opensslArithmetic, portableArithmetic]) {
      expect(curve.verify(publicKey, utf8('x'), signature)).toBe(true);
      expect(curve.verify(publicKey, utf8('y'), signature)).toBe(false);
      expect(curve.verify(publicKey, utf8('x'), altered)).toBe(false);
      expect(curve.verify(publicKey, utf8('x'), signature.slice(1))).toBe(false);
      expect(curve.verify(publicKey.slice(1), utf8('x'), signature)).toBe(false);
    }
  });
});
