import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';

/**
 * The group operations that signing and evaluating spend their time on, so that a platform with a fast library can supply them.
 * Contract: results are equal to {@link portableArithmetic}'s, bit by bit.
 */
export interface GroupArithmetic {
  readonly p256: {
    /**
     * scalar·element; its time does not depend on the scalar. The results are public wherever this library asks for one.
     * @param element uncompressed, 65 bytes
     * @param scalar big-endian, 32 bytes, 1 to order − 1
     * @returns uncompressed, 65 bytes
     * @throws RangeError unless the element is on the curve and the scalar in its range
     */
    multiply(element: Uint8Array, scalar: Uint8Array): Uint8Array;
    /** As `multiply` with the base point. */
    multiplyBase(scalar: Uint8Array): Uint8Array;
    /** As `multiply` for each; together they cost less. */
    multiplyEach(terms: readonly (readonly [element: Uint8Array, scalar: Uint8Array])[]): Uint8Array[];
    /** Of each pair the sum, in variable time; uncompressed. @throws RangeError for an element off the curve, and when a sum is the identity */
    addEach(pairs: readonly (readonly [Uint8Array, Uint8Array])[]): Uint8Array[];
    /** An element from its compressed form, 33 bytes. @returns uncompressed @throws RangeError unless it is one */
    decompress(element: Uint8Array): Uint8Array;
  };
  readonly ed25519: {
    /** Whether a compressed point that is known to be on the curve is no identity and has no component of small order. */
    isOfPrimeOrder(element: Uint8Array): boolean;
    /** RFC 8032 verification, without the cofactor. */
    verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  };
}

const { Fn, BASE } = p256.Point;
const scalarOf = (bytes: Uint8Array): bigint => requireInRange(() => Fn.fromBytes(bytes));

/** By @noble/curves: on every platform, some ten times slower than OpenSSL. */
export const portableArithmetic: GroupArithmetic = {
  p256: {
    multiply,
    multiplyBase: (scalar) => requireInRange(() => BASE.multiply(scalarOf(scalar)).toBytes(false)),
    multiplyEach: (terms) => terms.map(([element, scalar]) => multiply(element, scalar)),
    addEach: (pairs) => pairs.map(([a, b]) => requireInRange(() => nonZero(pointOf(a).add(pointOf(b))).toBytes(false))),
    decompress(element) {
      if (element.length !== 33) throw new RangeError('element is not a compressed point');
      return requireInRange(() => p256.Point.fromBytes(element).toBytes(false));
    },
  },
  ed25519: {
    isOfPrimeOrder(element) {
      const point = ed25519.Point.fromBytes(element);
      return !point.is0() && point.isTorsionFree();
    },
    verify: (publicKey, message, signature) => publicKey.length === 32 && signature.length === 64 && isTrue(() => ed25519.verify(signature, message, publicKey, { zip215: false })),
  },
};

function multiply(element: Uint8Array, scalar: Uint8Array): Uint8Array {
  return requireInRange(() => pointOf(element).multiply(scalarOf(scalar)).toBytes(false));
}

function pointOf(element: Uint8Array): typeof BASE {
  if (element.length !== 65) throw new RangeError('element is not an uncompressed point');
  return p256.Point.fromBytes(element);
}

function nonZero(point: typeof BASE): typeof BASE {
  if (point.is0()) throw new RangeError('the identity is no element');
  return point;
}

function requireInRange<T>(work: () => T): T {
  try {
    return work();
  } catch {
    throw new RangeError('a scalar or an element is out of range');
  }
}

function isTrue(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}
