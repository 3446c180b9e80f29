import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { BoopError, type PartyId } from '@boop/shared';
import { type CipherSuite } from './suites.ts';

interface Scalars {
  create(value: bigint): bigint;
  mul(a: bigint, b: bigint): bigint;
  add(a: bigint, b: bigint): bigint;
  inv(a: bigint): bigint;
  fromBytes(bytes: Uint8Array): bigint;
  toBytes(value: bigint): Uint8Array;
}

interface Element<P> {
  add(other: P): P;
  multiply(scalar: bigint): P;
  multiplyUnsafe(scalar: bigint): P;
  toBytes(): Uint8Array;
  is0(): boolean;
  isTorsionFree(): boolean;
  assertValidity(): void;
}

/** Arithmetic of one ciphersuite's group, in bytes; secrets are scalars of a fixed length, everything in the exponent is public. */
export interface ResharingGroup {
  readonly scalarBytes: number;
  readonly elementBytes: number;
  /** Uniform scalar from 16 bytes more than its size. */
  scalarFrom(wide: Uint8Array): bigint;
  /** Canonical scalar. @throws RangeError */
  parseScalar(bytes: Uint8Array): bigint;
  scalarToBytes(scalar: bigint): Uint8Array;
  /** f(party) for coefficients, constant first. */
  evaluate(coefficients: readonly bigint[], party: PartyId): bigint;
  /** λ_j at 0 over these points. */
  weights(parties: readonly PartyId[]): bigint[];
  sum(weights: readonly bigint[], scalars: readonly bigint[]): bigint;
  /** scalar·B in a fixed operation sequence. */
  commit(scalar: bigint): Uint8Array;
  /** Σ w_j·P_j of public elements. */
  combine(weights: readonly bigint[], elements: readonly Uint8Array[]): Uint8Array;
}

function groupFor<P extends Element<P>>(Point: { BASE: P; ZERO: P; Fn: Scalars & { BYTES: number }; fromBytes(bytes: Uint8Array): P }, elementBytes: number): ResharingGroup {
  const { Fn } = Point;
  return {
    scalarBytes: Fn.BYTES,
    elementBytes,
    scalarFrom: (wide) => Fn.create(wide.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n)),
    parseScalar: (bytes) => Fn.fromBytes(bytes),
    scalarToBytes: (scalar) => Fn.toBytes(scalar),
    evaluate: (coefficients, party) => coefficients.reduceRight((value, coefficient) => Fn.add(Fn.mul(value, BigInt(party)), coefficient), 0n),
    weights: (parties) =>
      parties.map((own) =>
        parties.reduce((weight, other) => (other === own ? weight : Fn.mul(weight, Fn.mul(BigInt(other), Fn.inv(Fn.create(BigInt(other - own)))))), 1n),
      ),
    sum: (weights, scalars) => scalars.reduce((total, scalar, at) => Fn.add(total, Fn.mul(weights[at]!, scalar)), 0n),
    commit: (scalar) => Point.BASE.multiply(scalar).toBytes(),
    combine: (weights, elements) =>
      elements
        .reduce((total, bytes, at) => {
          const point = Point.fromBytes(bytes);
          point.assertValidity();
          if (point.is0() || !point.isTorsionFree()) throw new RangeError('element is not in the prime-order group');
          return total.add(point.multiplyUnsafe(weights[at]!));
        }, Point.ZERO)
        .toBytes(),
  };
}

const groups: Readonly<Record<CipherSuite, ResharingGroup>> = {
  'FROST-ED25519-SHA512': groupFor(ed25519.Point as never, 32),
  'FROST-P256-SHA256': groupFor(p256.Point as never, 33),
};

/** @throws BoopError `threshold.invalid-parameters` */
export function resharingGroup(suite: CipherSuite): ResharingGroup {
  const known = groups[suite];
  if (!known) throw new BoopError('threshold.invalid-parameters', 'unknown ciphersuite');
  return known;
}
