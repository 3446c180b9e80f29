import { p256, p256_hasher } from '@noble/curves/nist.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { BoopError, concatBytes, equalBytes, type PartyId, type Rng, utf8 } from '@boop/shared';
import { type GroupArithmetic, portableArithmetic } from './arithmetic.ts';
import { compressed, CONTEXT_STRING, DLEQ_PROOF_BYTES, proveDleq, verifyDleq } from './dleq.ts';
import { checkEach } from './fault.ts';
import { type GroupKey } from './group-key.ts';
import { type KeyShare, signingShareOf } from './key-share.ts';

/** Bytes of a partial evaluation: compressed P-256 element ‖ DLEQ proof (challenge ‖ response). */
export const PRF_PARTIAL_BYTES = 33 + DLEQ_PROOF_BYTES;
const INPUT_BYTES_MAX = 0xffff; // RFC 9497 section 1.2

const { Fn } = p256.Point;
// RFC 9497 section 4.3: HashToGroup of the suite.
const HASH_TO_GROUP_DST = concatBytes(utf8('HashToGroup-'), CONTEXT_STRING);

/** An input with its element of the group, for whoever evaluates and combines the same one: hashing to the curve costs a multiplication. */
export class PrfInput {
  readonly bytes: Uint8Array;
  #element: Uint8Array | undefined;

  /** Takes a copy. @throws BoopError `prf.input-too-long` (over 65,535 bytes) */
  constructor(bytes: Uint8Array) {
    if (bytes.length > INPUT_BYTES_MAX) throw new BoopError('prf.input-too-long', 'the PRF input is over 65,535 bytes');
    this.bytes = bytes.slice();
  }

  /** Uncompressed. */
  get element(): Uint8Array {
    this.#element ??= p256_hasher.hashToCurve(this.bytes, { DST: HASH_TO_GROUP_DST }).toBytes(false);
    return this.#element;
  }
}

/**
 * One party's share of PRF_k(input) with a proof that it used its own key share: RFC 9497 BlindEvaluate with the blind
 * fixed to 1, since each party computes the input itself (a blinded input would hide from it what it evaluates).
 * P-256 because both noble and OpenSSL multiply a non-base point by a secret in a fixed operation sequence there.
 * The caller makes the input unambiguous (domain label, length prefixes). Cost: hash to curve and 5 multiplications.
 * Throws `prf.wrong-suite`, `prf.input-too-long` (over 65,535 bytes).
 */
export function prfEvaluate(share: KeyShare, input: Uint8Array | PrfInput, rng: Rng, arithmetic: GroupArithmetic = portableArithmetic): Uint8Array {
  requireSuite(share.group);
  const { element } = asInput(input);
  const secret = signingShareOf(share);
  const evaluated = arithmetic.p256.multiply(element, secret);
  const proof = proveDleq({ element, publicKey: verifyingShareOf(share.group, share.self), evaluated }, secret, rng, arithmetic);
  return concatBytes(compressed(evaluated), proof);
}

/** What a caller of {@link prfCombine} has at hand besides its arguments. */
export interface PrfCombineOptions {
  readonly arithmetic?: GroupArithmetic;
  /** What the caller itself made for this input: these very bytes, as this party's, need no proof. */
  readonly own?: { readonly party: PartyId; readonly partial: Uint8Array } | undefined;
}

/**
 * Combines at least `threshold` partials into the 32-byte output: equal to RFC 9497 VOPRF Evaluate under the group's secret,
 * whichever parties took part. Verifies every proof against the party's verifying share, 6 multiplications each.
 * Throws `prf.wrong-suite`, `prf.input-too-long`, `prf.unknown-party`, `prf.too-few-partials`, and a ThresholdFault
 * `prf.bad-partial` naming every party whose partial is malformed or not proven.
 */
export function prfCombine(group: GroupKey, input: Uint8Array | PrfInput, partials: ReadonlyMap<PartyId, Uint8Array>, { arithmetic = portableArithmetic, own }: PrfCombineOptions = {}): Uint8Array {
  requireSuite(group);
  const { bytes: inputBytes, element } = asInput(input);
  requireParties(group, partials);
  const evaluated = new Map<PartyId, Uint8Array>();
  checkEach(partials, 'prf.bad-partial', 'a partial evaluation is malformed or not proven', (party, bytes) => {
    if (bytes.length !== PRF_PARTIAL_BYTES) throw new RangeError('length');
    const point = arithmetic.p256.decompress(bytes.slice(0, 33));
    const isOwn = own?.party === party && equalBytes(bytes, own.partial);
    if (!isOwn && !verifyDleq({ element, publicKey: verifyingShareOf(group, party), evaluated: point }, bytes.slice(33), arithmetic)) throw new RangeError('proof');
    evaluated.set(party, point);
  });
  const chosen = [...evaluated].sort(([a], [b]) => a - b).slice(0, group.threshold);
  return finalize(inputBytes, compressed(interpolateAtZero(chosen, arithmetic)));
}

/**
 * As {@link prfCombine} without a look at the proofs: a wrong partial gives a wrong output. For a caller who finds that out by other means
 * (an authenticated ciphertext that does not open) and then asks {@link prfCombine} whose fault it is. Saves about two thirds of its time.
 * Throws `prf.wrong-suite`, `prf.input-too-long`, `prf.unknown-party`, `prf.too-few-partials`, `prf.malformed-partial`.
 */
export function prfCombineUnproven(group: GroupKey, input: Uint8Array, partials: ReadonlyMap<PartyId, Uint8Array>): Uint8Array {
  requireSuite(group);
  const { bytes: inputBytes } = asInput(input);
  requireParties(group, partials);
  const chosen = [...partials].sort(([a], [b]) => a - b).slice(0, group.threshold);
  try {
    const points = chosen.map(([party, bytes]) => [party, portableArithmetic.p256.decompress(bytes.slice(0, 33))] as const);
    return finalize(inputBytes, compressed(interpolateAtZero(points, portableArithmetic)));
  } catch {
    throw new BoopError('prf.malformed-partial', 'a partial evaluation is no point of the curve');
  }
}

/** RFC 9497 section 3.3.1: the output for an element that is not blinded. */
const finalize = (input: Uint8Array, element: Uint8Array): Uint8Array =>
  sha256(concatBytes(Uint8Array.of(input.length >> 8, input.length & 255), input, Uint8Array.of(0, element.length), element, utf8('Finalize')));

function requireParties(group: GroupKey, partials: ReadonlyMap<PartyId, Uint8Array>): void {
  if ([...partials.keys()].some((party) => !group.parties.includes(party))) throw new BoopError('prf.unknown-party', 'a partial comes from outside the key set');
  if (partials.size < group.threshold) throw new BoopError('prf.too-few-partials', 'fewer partials than the threshold');
}

function requireSuite(group: GroupKey): void {
  if (group.suite !== 'FROST-P256-SHA256') throw new BoopError('prf.wrong-suite', 'the threshold PRF needs a P-256 key');
}

const asInput = (input: Uint8Array | PrfInput): PrfInput => (input instanceof PrfInput ? input : new PrfInput(input));

const uncompressed = new WeakMap<GroupKey, Map<PartyId, Uint8Array>>();

/** A party's verifying share, decompressed once for each key. */
function verifyingShareOf(group: GroupKey, party: PartyId): Uint8Array {
  const shares = uncompressed.get(group) ?? new Map<PartyId, Uint8Array>();
  uncompressed.set(group, shares);
  const share = shares.get(party) ?? p256.Point.fromBytes(group.verifyingShares.get(party)!).toBytes(false);
  shares.set(party, share);
  return share;
}

/**
 * Value at 0 of the polynomial in the exponent. The Lagrange coefficients of small ids are small fractions: brought to their least common
 * denominator, only it takes a full multiplication, and often it is one. Public data only.
 */
function interpolateAtZero(points: readonly (readonly [PartyId, Uint8Array])[], { p256: curve }: GroupArithmetic): Uint8Array {
  const ids = points.map(([party]) => party);
  const fractions = ids.map((id) => {
    const others = ids.filter((other) => other !== id);
    const [numerator, denominator] = [product(others.map(BigInt)), product(others.map((other) => BigInt(other - id)))];
    const divisor = gcd(numerator, denominator) * (denominator < 0n ? -1n : 1n);
    return { numerator: numerator / divisor, denominator: denominator / divisor };
  });
  const common = fractions.reduce((least, { denominator }) => (least / gcd(least, denominator)) * denominator, 1n);
  const sum = points.reduce((total, [, element], i) => {
    const { numerator, denominator } = fractions[i]!;
    const [point, weight] = [p256.Point.fromBytes(element), numerator * (common / denominator)];
    return total.add(weight < 0n ? point.negate().multiplyUnsafe(-weight) : point.multiplyUnsafe(weight));
  }, p256.Point.ZERO);
  const element = sum.toBytes(false);
  return common === 1n ? element : curve.multiply(element, Fn.toBytes(Fn.inv(Fn.create(common))));
}

const product = (factors: readonly bigint[]): bigint => factors.reduce((result, factor) => result * factor, 1n);

/** Positive. */
function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}
