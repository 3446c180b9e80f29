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
    multiply(element, scalar) {
      if (element.length !== 65) throw new RangeError('element is not an uncompressed point');
      return requireInRange(() => p256.Point.fromBytes(element).multiply(scalarOf(scalar)).toBytes(false));
    },
    multiplyBase: (scalar) => requireInRange(() => BASE.multiply(scalarOf(scalar)).toBytes(false)),
  },
  ed25519: {
    isOfPrimeOrder(element) {
      const point = ed25519.Point.fromBytes(element);
      return !point.is0() && point.isTorsionFree();
    },
    verify: (publicKey, message, signature) => publicKey.length === 32 && signature.length === 64 && isTrue(() => ed25519.verify(signature, message, publicKey, { zip215: false })),
  },
};

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
