import { mulAddUnsafe } from '@noble/curves/abstract/curve.js';
import { type FROST, type RNG } from '@noble/curves/abstract/frost.js';
import { ed25519, ed25519_FROST } from '@noble/curves/ed25519.js';
import { p256, p256_FROST, p256_hasher } from '@noble/curves/nist.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, type PartyId, type Rng, utf8 } from '@boop/shared';
import { type GroupArithmetic } from './arithmetic.ts';

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
  /** Scalars of the group, little-endian on Ed25519. */
  readonly scalars: Scalars;
  readonly hashes: Hashes;
  /**
   * Σ hidingᵢ + factorᵢ·bindingᵢ, the group commitment of RFC 9591 section 4.5. Public data, variable time.
   * @throws RangeError on an invalid element, the identity, or one outside the prime-order group; those of `trusted` are the caller's own
   */
  groupCommitment(terms: readonly CommitmentTerm[], trusted: PartyId | undefined, arithmetic: GroupArithmetic): Uint8Array;
}

export interface CommitmentTerm {
  readonly party: PartyId;
  readonly hiding: Uint8Array;
  readonly binding: Uint8Array;
  readonly factor: bigint;
}

interface Scalars {
  fromBytes(bytes: Uint8Array): bigint;
  toBytes(value: bigint): Uint8Array;
  create(value: bigint): bigint;
  add(a: bigint, b: bigint): bigint;
  mul(a: bigint, b: bigint): bigint;
  inv(value: bigint): bigint;
}

/** RFC 9591 sections 6.1 and 6.4. */
interface Hashes {
  readonly h1: (message: Uint8Array) => bigint;
  readonly h2: (message: Uint8Array) => bigint;
  readonly h4: (message: Uint8Array) => Uint8Array;
  readonly h5: (message: Uint8Array) => Uint8Array;
}

interface Curve<P> {
  /** Decodes an element on the curve that is not the identity; what it may have of small order is {@link inPrimeOrderGroup}'s. */
  decode(bytes: Uint8Array): P;
  inPrimeOrderGroup(point: P, bytes: Uint8Array, arithmetic?: GroupArithmetic): boolean;
  /** Σ scalarᵢ·pointᵢ, in variable time. */
  sum(points: readonly P[], scalars: readonly bigint[]): P;
  readonly scalars: Scalars & { readonly BYTES: number };
}

interface Point<P> {
  add(other: P): P;
  multiplyUnsafe(scalar: bigint): P;
  toBytes(): Uint8Array;
  is0(): boolean;
}

function group<P extends Point<P>>(frost: FROST, code: number, elementBytes: number, hashes: Hashes, curve: Curve<P>): Group {
  const { scalars } = curve;
  // RFC 9591 section 3.1: DeserializeElement refuses the identity and elements outside the prime-order group.
  const decode = (bytes: Uint8Array): P => {
    if (bytes.length !== elementBytes) throw new RangeError('element has a wrong length');
    const point = curve.decode(bytes);
    if (point.is0()) throw new RangeError('element is the identity');
    return point;
  };
  const parse = (bytes: Uint8Array, arithmetic?: GroupArithmetic): P => {
    const point = decode(bytes);
    if (!curve.inPrimeOrderGroup(point, bytes, arithmetic)) throw new RangeError('element is not in the prime-order group');
    return point;
  };
  return {
    frost,
    code,
    elementBytes,
    scalarBytes: scalars.BYTES,
    parseScalar: (bytes) => void scalars.fromBytes(bytes),
    evaluateCommitment: (commitments, party) => {
      const points = commitments.map((bytes) => parse(bytes));
      const value = points.reduceRight((sum, point) => sum.multiplyUnsafe(BigInt(party)).add(point));
      if (value.is0()) throw new RangeError('verifying share is the identity');
      return value.toBytes();
    },
    scalars,
    hashes,
    groupCommitment: (terms, trusted, arithmetic) => {
      const read = ({ party }: CommitmentTerm, bytes: Uint8Array): P => (party === trusted ? decode(bytes) : parse(bytes, arithmetic));
      const hiding = terms.map((term) => read(term, term.hiding));
      const binding = curve.sum(terms.map((term) => read(term, term.binding)), terms.map(({ factor }) => factor));
      return hiding.reduce((sum, point) => sum.add(point), binding).toBytes();
    },
  };
}

const ED25519_CONTEXT = 'FROST-ED25519-SHA512-v1';
const P256_CONTEXT = 'FROST-P256-SHA256-v1';
const prefixed = (prefix: string, message: Uint8Array): Uint8Array => concatBytes(utf8(prefix), message);
const ed25519Scalar = (digest: Uint8Array): bigint => ed25519.Point.Fn.create(digest.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n));
const p256Scalar = (message: Uint8Array, tag: string): bigint => p256.Point.Fn.create(p256_hasher.hashToScalar(message, { DST: utf8(P256_CONTEXT + tag) }));

const ed25519Hashes: Hashes = {
  h1: (message) => ed25519Scalar(sha512(prefixed(`${ED25519_CONTEXT}rho`, message))),
  h2: (message) => ed25519Scalar(sha512(message)),
  h4: (message) => sha512(prefixed(`${ED25519_CONTEXT}msg`, message)),
  h5: (message) => sha512(prefixed(`${ED25519_CONTEXT}com`, message)),
};

const p256Hashes: Hashes = {
  h1: (message) => p256Scalar(message, 'rho'),
  h2: (message) => p256Scalar(message, 'chal'),
  h4: (message) => sha256(prefixed(`${P256_CONTEXT}msg`, message)),
  h5: (message) => sha256(prefixed(`${P256_CONTEXT}com`, message)),
};

const ed25519Curve: Curve<typeof ed25519.Point.BASE> = {
  decode: (bytes) => ed25519.Point.fromBytes(bytes),
  inPrimeOrderGroup: (point, bytes, arithmetic) => arithmetic?.ed25519.isOfPrimeOrder(bytes) ?? point.isTorsionFree(),
  sum: (points, scalars) => mulAddUnsafe(ed25519.Point, [...points], [...scalars]),
  scalars: ed25519.Point.Fn,
};

/** Of prime order as a whole. */
const p256Curve: Curve<typeof p256.Point.BASE> = {
  decode: (bytes) => p256.Point.fromBytes(bytes),
  inPrimeOrderGroup: () => true,
  sum: (points, scalars) => mulAddUnsafe(p256.Point, [...points], [...scalars]),
  scalars: p256.Point.Fn,
};

const groups: Readonly<Record<CipherSuite, Group>> = {
  'FROST-ED25519-SHA512': group(ed25519_FROST, 1, 32, ed25519Hashes, ed25519Curve),
  'FROST-P256-SHA256': group(p256_FROST, 2, 33, p256Hashes, p256Curve),
};

export const groupOf = (suite: CipherSuite): Group => groups[suite];

export const isCipherSuite = (value: string): value is CipherSuite => Object.hasOwn(groups, value);

export const suiteByCode = (code: number): CipherSuite | undefined =>
  (Object.keys(groups) as CipherSuite[]).find((suite) => groups[suite].code === code);

export const nobleRng = (rng: Rng): RNG => ((count = 32) => rng.bytes(count)) as RNG;
