import { type FROST, type RNG } from '@noble/curves/abstract/frost.js';
import { ed25519, ed25519_FROST } from '@noble/curves/ed25519.js';
import { p256, p256_FROST } from '@noble/curves/nist.js';
import { type PartyId, type Rng } from '@boop/shared';

/** RFC 9591 ciphersuites 6.1 and 6.4, without the version suffix of their context strings. */
export type CipherSuite = 'FROST-ED25519-SHA512' | 'FROST-P256-SHA256';

interface Group {
  readonly frost: FROST;
  /** Byte of the suite in serialised keys. */
  readonly code: number;
  /** Bytes of a serialised element (compressed) and of a scalar. */
  readonly elementBytes: number;
  readonly scalarBytes: number;
  /** Throws unless the bytes are a canonical scalar below the group order. */
  parseScalar(bytes: Uint8Array): void;
  /**
   * Public polynomial evaluation in the exponent (RFC 9591 appendix C.2): the commitment to f(party).
   * Variable time: all inputs are public. Throws on an invalid or identity element.
   */
  evaluateCommitment(commitments: readonly Uint8Array[], party: PartyId): Uint8Array;
}

interface Element<P> {
  add(other: P): P;
  multiplyUnsafe(scalar: bigint): P;
  toBytes(): Uint8Array;
  assertValidity(): void;
  isTorsionFree(): boolean;
  is0(): boolean;
}

interface ElementConstructor<P> {
  fromBytes(bytes: Uint8Array): P;
  readonly Fn: { fromBytes(bytes: Uint8Array): unknown; readonly BYTES: number };
}

function group<P extends Element<P>>(frost: FROST, code: number, elementBytes: number, Point: ElementConstructor<P>): Group {
  const parse = (bytes: Uint8Array): P => {
    if (bytes.length !== elementBytes) throw new RangeError('element has a wrong length');
    const point = Point.fromBytes(bytes);
    // RFC 9591 section 3.1: DeserializeElement refuses the identity and elements outside the prime-order group.
    point.assertValidity();
    if (point.is0() || !point.isTorsionFree()) throw new RangeError('element is not in the prime-order group');
    return point;
  };
  return {
    frost,
    code,
    elementBytes,
    scalarBytes: Point.Fn.BYTES,
    parseScalar: (bytes) => void Point.Fn.fromBytes(bytes),
    evaluateCommitment: (commitments, party) => {
      const points = commitments.map(parse);
      const value = points.reduceRight((sum, point) => sum.multiplyUnsafe(BigInt(party)).add(point));
      if (value.is0()) throw new RangeError('verifying share is the identity');
      return value.toBytes();
    },
  };
}

const groups: Readonly<Record<CipherSuite, Group>> = {
  'FROST-ED25519-SHA512': group(ed25519_FROST, 1, 32, ed25519.Point),
  'FROST-P256-SHA256': group(p256_FROST, 2, 33, p256.Point),
};

export const groupOf = (suite: CipherSuite): Group => groups[suite];

export const isCipherSuite = (value: string): value is CipherSuite => Object.hasOwn(groups, value);

export const suiteByCode = (code: number): CipherSuite | undefined =>
  (Object.keys(groups) as CipherSuite[]).find((suite) => groups[suite].code === code);

export const nobleRng = (rng: Rng): RNG => ((count = 32) => rng.bytes(count)) as RNG;
