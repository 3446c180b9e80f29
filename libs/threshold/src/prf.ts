import { p256, p256_hasher, p256_oprf } from '@noble/curves/nist.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { BoopError, concatBytes, type PartyId, type Rng, utf8 } from '@boop/shared';
import { CONTEXT_STRING, verifyDleq } from './dleq.ts';
import { checkEach } from './fault.ts';
import { type GroupKey } from './group-key.ts';
import { type KeyShare, signingShareOf } from './key-share.ts';
import { nobleRng } from './suites.ts';

/** Bytes of a partial evaluation: compressed P-256 element ‖ DLEQ proof (challenge ‖ response). */
export const PRF_PARTIAL_BYTES = 33 + 64;
const INPUT_BYTES_MAX = 0xffff; // RFC 9497 section 1.2

const { Fn } = p256.Point;
type Element = typeof p256.Point.BASE;
// RFC 9497 section 4.3: HashToGroup of the suite.
const HASH_TO_GROUP_DST = concatBytes(utf8('HashToGroup-'), CONTEXT_STRING);
/** Window of a verifying share's table: some 20 ms to make, once for each key. */
const KEY_WINDOW_BITS = 6;

/**
 * One party's share of PRF_k(input) with a proof that it used its own key share: RFC 9497 BlindEvaluate with the blind
 * fixed to 1, since each party computes the input itself (a blinded input would hide from it what it evaluates).
 * P-256 because noble multiplies a non-base point by a secret in a fixed operation sequence there, unlike on Edwards
 * curves. The caller makes the input unambiguous (domain label, length prefixes). Cost: hash to curve and 4 multiplications.
 * Throws `prf.wrong-suite`, `prf.input-too-long` (over 65,535 bytes).
 */
export function prfEvaluate(share: KeyShare, input: Uint8Array, rng: Rng): Uint8Array {
  const element = hashToGroup(share.group, input).toBytes();
  const verifyingShare = share.group.verifyingShares.get(share.self)!;
  const { evaluated, proof } = p256_oprf.voprf.blindEvaluate(signingShareOf(share), verifyingShare, element, nobleRng(rng));
  return concatBytes(evaluated, proof);
}

/**
 * Combines at least `threshold` partials into the 32-byte output: equal to RFC 9497 VOPRF Evaluate under the group's secret,
 * whichever parties took part. Verifies every proof against the party's verifying share.
 * Throws `prf.wrong-suite`, `prf.input-too-long`, `prf.unknown-party`, `prf.too-few-partials`, and a ThresholdFault
 * `prf.bad-partial` naming every party whose partial is malformed or not proven.
 */
export function prfCombine(group: GroupKey, input: Uint8Array, partials: ReadonlyMap<PartyId, Uint8Array>): Uint8Array {
  const element = hashToGroup(group, input);
  requireParties(group, partials);
  const evaluated = new Map<PartyId, Element>();
  checkEach(partials, 'prf.bad-partial', 'a partial evaluation is malformed or not proven', (party, bytes) => {
    if (bytes.length !== PRF_PARTIAL_BYTES) throw new RangeError('length');
    const point = p256.Point.fromBytes(bytes.slice(0, 33));
    if (!verifyDleq(element, verifyingShareOf(group, party), point, bytes.slice(33))) throw new RangeError('proof');
    evaluated.set(party, point);
  });
  const chosen = [...evaluated].sort(([a], [b]) => a - b).slice(0, group.threshold);
  return finalize(input, interpolateAtZero(chosen).toBytes());
}

/**
 * As {@link prfCombine} without a look at the proofs: a wrong partial gives a wrong output. For a caller who finds that out by other means
 * (an authenticated ciphertext that does not open) and then asks {@link prfCombine} whose fault it is. Saves about two thirds of its time.
 * Throws `prf.wrong-suite`, `prf.input-too-long`, `prf.unknown-party`, `prf.too-few-partials`, `prf.malformed-partial`.
 */
export function prfCombineUnproven(group: GroupKey, input: Uint8Array, partials: ReadonlyMap<PartyId, Uint8Array>): Uint8Array {
  requireInput(group, input);
  requireParties(group, partials);
  const chosen = [...partials].sort(([a], [b]) => a - b).slice(0, group.threshold);
  try {
    return finalize(input, interpolateAtZero(chosen.map(([party, bytes]) => [party, p256.Point.fromBytes(bytes.slice(0, 33))] as const)).toBytes());
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

function requireInput(group: GroupKey, input: Uint8Array): void {
  if (group.suite !== 'FROST-P256-SHA256') throw new BoopError('prf.wrong-suite', 'the threshold PRF needs a P-256 key');
  if (input.length > INPUT_BYTES_MAX) throw new BoopError('prf.input-too-long', 'the PRF input is over 65,535 bytes');
}

function hashToGroup(group: GroupKey, input: Uint8Array): Element {
  requireInput(group, input);
  return p256_hasher.hashToCurve(input, { DST: HASH_TO_GROUP_DST }) as Element;
}

const tabulated = new WeakMap<GroupKey, Map<PartyId, Element>>();

/** A party's verifying share, with a table that is made once for each key. */
function verifyingShareOf(group: GroupKey, party: PartyId): Element {
  const shares = tabulated.get(group) ?? new Map<PartyId, Element>();
  tabulated.set(group, shares);
  const share = shares.get(party) ?? p256.Point.fromBytes(group.verifyingShares.get(party)!).precompute(KEY_WINDOW_BITS, false);
  shares.set(party, share);
  return share;
}

/**
 * Value at 0 of the polynomial in the exponent. The Lagrange coefficients of small ids are small fractions: brought to one
 * denominator, only it takes a full multiplication. Public data only.
 */
function interpolateAtZero(points: readonly (readonly [PartyId, Element])[]): Element {
  const ids = points.map(([party]) => party);
  const fractions = ids.map((id) => {
    const others = ids.filter((other) => other !== id);
    return { numerator: product(others.map(BigInt)), denominator: product(others.map((other) => BigInt(other - id))) };
  });
  const common = product(fractions.map(({ denominator }) => (denominator < 0n ? -denominator : denominator)));
  const sum = points.reduce((total, [, point], i) => {
    const { numerator, denominator } = fractions[i]!;
    const weight = (numerator * common) / denominator;
    return total.add(weight < 0n ? point.negate().multiplyUnsafe(-weight) : point.multiplyUnsafe(weight));
  }, p256.Point.ZERO);
  return sum.multiplyUnsafe(Fn.inv(Fn.create(common)));
}

const product = (factors: readonly bigint[]): bigint => factors.reduce((result, factor) => result * factor, 1n);
