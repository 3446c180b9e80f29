import { p256, p256_hasher, p256_oprf } from '@noble/curves/nist.js';
import { BoopError, concatBytes, type PartyId, type Rng, utf8 } from '@boop/shared';
import { checkEach } from './fault.ts';
import { type GroupKey } from './group-key.ts';
import { type KeyShare, signingShareOf } from './key-share.ts';
import { nobleRng } from './suites.ts';

/** Bytes of a partial evaluation: compressed P-256 element ‖ DLEQ proof (challenge ‖ response). */
export const PRF_PARTIAL_BYTES = 33 + 64;
const INPUT_BYTES_MAX = 0xffff; // RFC 9497 section 1.2

// RFC 9497 sections 3.1 and 4.3: HashToGroup of the suite P256-SHA256 in VOPRF mode.
const HASH_TO_GROUP_DST = concatBytes(utf8('HashToGroup-OPRFV1-'), Uint8Array.of(1), utf8('-P256-SHA256'));
const { Fn } = p256.Point;
const BLIND_ONE = Fn.toBytes(1n);

/**
 * One party's share of PRF_k(input) with a proof that it used its own key share: RFC 9497 BlindEvaluate with the blind
 * fixed to 1, since each party computes the input itself (a blinded input would hide from it what it evaluates).
 * P-256 because noble multiplies a non-base point by a secret in a fixed operation sequence there, unlike on Edwards
 * curves. The caller makes the input unambiguous (domain label, length prefixes). Cost: hash to curve and 4 multiplications.
 * Throws `prf.wrong-suite`, `prf.input-too-long` (over 65,535 bytes).
 */
export function prfEvaluate(share: KeyShare, input: Uint8Array, rng: Rng): Uint8Array {
  const element = hashToGroup(share.group, input);
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
  if ([...partials.keys()].some((party) => !group.parties.includes(party))) throw new BoopError('prf.unknown-party', 'a partial comes from outside the key set');
  if (partials.size < group.threshold) throw new BoopError('prf.too-few-partials', 'fewer partials than the threshold');
  checkEach(partials, 'prf.bad-partial', 'a partial evaluation is malformed or not proven', (party, bytes) => {
    if (bytes.length !== PRF_PARTIAL_BYTES) throw new RangeError('length');
    p256_oprf.voprf.finalize(input, BLIND_ONE, bytes.slice(0, 33), element, group.verifyingShares.get(party)!, bytes.slice(33));
  });
  const chosen = [...partials].sort(([a], [b]) => a - b).slice(0, group.threshold);
  const ids = chosen.map(([party]) => party);
  const evaluated = chosen
    .map(([party, bytes]) => p256.Point.fromBytes(bytes.slice(0, 33)).multiplyUnsafe(lagrangeAtZero(ids, party)))
    .reduce((sum, point) => sum.add(point));
  return p256_oprf.oprf.finalize(input, BLIND_ONE, evaluated.toBytes());
}

function hashToGroup(group: GroupKey, input: Uint8Array): Uint8Array {
  if (group.suite !== 'FROST-P256-SHA256') throw new BoopError('prf.wrong-suite', 'the threshold PRF needs a P-256 key');
  if (input.length > INPUT_BYTES_MAX) throw new BoopError('prf.input-too-long', 'the PRF input is over 65,535 bytes');
  return p256_hasher.hashToCurve(input, { DST: HASH_TO_GROUP_DST }).toBytes();
}

/** Lagrange coefficient of `party` for the value at 0 over the points `ids`, modulo the group order; public data only. */
function lagrangeAtZero(ids: readonly PartyId[], party: PartyId): bigint {
  let numerator = 1n;
  let denominator = 1n;
  for (const id of ids) {
    if (id === party) continue;
    numerator = Fn.mul(numerator, BigInt(id));
    denominator = Fn.mul(denominator, Fn.create(BigInt(id - party)));
  }
  return Fn.div(numerator, denominator);
}
