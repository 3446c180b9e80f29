import { type NonceCommitments } from '@noble/curves/abstract/frost.js';
import { BoopError, concatBytes, equalBytes, type PartyId, type Rng } from '@boop/shared';
import { type GroupArithmetic, portableArithmetic } from './arithmetic.ts';
import { checkEach } from './fault.ts';
import { frostPublic, type GroupKey, identifierOf } from './group-key.ts';
import { frostSecret, type KeyShare, signingShareOf } from './key-share.ts';
import { consume, SigningNonces, wipe } from './nonces.ts';
import { interpolatingValue, signingPackage } from './signing-package.ts';
import { groupOf, nobleRng } from './suites.ts';

const BAD_COMMITMENT = 'a nonce commitment is not a pair of valid elements';
const BAD_SHARE = 'a signature share is not valid';

/**
 * Round one (RFC 9591 section 5.1): fresh nonces and their public commitment, hiding ‖ binding element
 * (64 bytes for Ed25519, 66 for P-256). Independent of the message. Cost: 2 base multiplications.
 */
export function commit(share: KeyShare, rng: Rng): { nonces: SigningNonces; commitment: Uint8Array } {
  const { nonces, commitments } = groupOf(share.group.suite).frost.commit(frostSecret(share), nobleRng(rng));
  const commitment = concatBytes(commitments.hiding, commitments.binding);
  return { nonces: new SigningNonces({ nonces, commitment: commitment.slice() }, share), commitment };
}

/**
 * Round two (RFC 9591 section 5.2): this party's signature share, 32 bytes. The caller has rebuilt `message` itself.
 * The nonces are consumed by the call, whether it succeeds or not, and overwritten before it returns.
 * Throws `frost.nonces-used`, `frost.nonces-of-another-share`, `frost.own-commitment-missing`,
 * `frost.own-commitment-altered`, `frost.unknown-party`, `frost.too-few-commitments`, and a
 * ThresholdFault `frost.bad-commitment`.
 */
export const signShare = (...part: Parameters<typeof signingPart>): Uint8Array => signingPart(...part).share;

/** A signature share, and the R of the signature that it belongs to. */
export interface SigningPart {
  readonly share: Uint8Array;
  readonly groupCommitment: Uint8Array;
}

/** As {@link signShare}, for a signer that adds up the shares as well: {@link aggregate} takes the R that was computed here. */
export function signingPart(
  share: KeyShare,
  nonces: SigningNonces,
  commitments: ReadonlyMap<PartyId, Uint8Array>,
  message: Uint8Array,
  arithmetic: GroupArithmetic = portableArithmetic,
): SigningPart {
  const attempt = consume(nonces, share);
  try {
    const { group, self } = share;
    requireCommitments(group, commitments);
    const own = commitments.get(self);
    if (own === undefined) throw new BoopError('frost.own-commitment-missing', 'the commitment list lacks the signer', { kind: 'peer' });
    if (!equalBytes(own, attempt.commitment)) {
      throw new BoopError('frost.own-commitment-altered', 'the commitment list holds another commitment of the signer', { kind: 'peer' });
    }
    return blamingCommitments(group, commitments, () => {
      const { scalars } = groupOf(group.suite);
      const { groupCommitment, challenge, bindingFactors } = signingPackage(group, commitments, message, arithmetic, { party: self, commitment: own });
      const [hiding, binding] = [scalars.fromBytes(attempt.nonces.hiding), scalars.fromBytes(attempt.nonces.binding)];
      const weight = scalars.mul(interpolatingValue(group, commitments.keys(), self), challenge);
      const blinded = scalars.add(hiding, scalars.mul(binding, bindingFactors.get(self)!));
      return { share: scalars.toBytes(scalars.add(blinded, scalars.mul(weight, scalars.fromBytes(signingShareOf(share))))), groupCommitment };
    });
  } finally {
    wipe(attempt.nonces);
  }
}

/** What a caller of {@link aggregate} has at hand besides its arguments. */
export interface AggregateOptions {
  readonly arithmetic?: GroupArithmetic;
  /** R as {@link signingPart} gave it; a wrong one costs time only, because the signature is verified. */
  readonly groupCommitment?: Uint8Array | undefined;
}

/**
 * RFC 9591 section 5.3: sums the shares into a signature of the group key and verifies it: 64 bytes, R ‖ z as
 * RFC 8032 verifiers expect (65 bytes for P-256). Needs exactly one share per commitment.
 * Throws `frost.unknown-party`, `frost.too-few-commitments`, `frost.shares-mismatch`, and ThresholdFaults
 * `frost.bad-commitment`, `frost.bad-share` naming the parties. Shares are checked one by one only after a failure.
 */
export function aggregate(
  group: GroupKey,
  commitments: ReadonlyMap<PartyId, Uint8Array>,
  message: Uint8Array,
  shares: ReadonlyMap<PartyId, Uint8Array>,
  { arithmetic = portableArithmetic, groupCommitment }: AggregateOptions = {},
): Uint8Array {
  requireCommitments(group, commitments);
  if (shares.size !== commitments.size || [...shares.keys()].some((party) => !commitments.has(party))) {
    throw new BoopError('frost.shares-mismatch', 'shares and commitments must come from the same parties');
  }
  const { scalars, parseScalar } = groupOf(group.suite);
  checkEach(shares, 'frost.bad-share', BAD_SHARE, (_party, bytes) => parseScalar(bytes));
  const z = scalars.toBytes([...shares.values()].reduce((sum, bytes) => scalars.add(sum, scalars.fromBytes(bytes)), 0n));
  const hinted = groupCommitment && concatBytes(groupCommitment, z);
  if (hinted && verifySignature(group, message, hinted, arithmetic)) return hinted;
  return blamingCommitments(group, commitments, () => {
    const signature = concatBytes(signingPackage(group, commitments, message, arithmetic).groupCommitment, z);
    if (verifySignature(group, message, signature, arithmetic)) return signature;
    checkEach(shares, 'frost.bad-share', BAD_SHARE, (party, bytes) => {
      if (!verifyShare(group, commitments, message, party, bytes)) throw new RangeError(BAD_SHARE);
    });
    throw new RangeError('valid shares without a valid signature');
  });
}

/** Whether one share is valid for the message; lets an aggregator act on a share as it arrives. False also for malformed bytes. */
export function verifyShare(
  group: GroupKey,
  commitments: ReadonlyMap<PartyId, Uint8Array>,
  message: Uint8Array,
  party: PartyId,
  share: Uint8Array,
): boolean {
  requireCommitments(group, commitments);
  const list = [...commitments].map(([signer, bytes]) => {
    const [hiding, binding] = halves(bytes);
    return { identifier: identifierOf(group, signer), hiding, binding } as NonceCommitments;
  });
  try {
    return groupOf(group.suite).frost.verifyShare(frostPublic(group), list, message, identifierOf(group, party), share);
  } catch {
    return false;
  }
}

/** Whether `signature` is one of the group key over `message`. */
export function verifySignature(group: GroupKey, message: Uint8Array, signature: Uint8Array, arithmetic: GroupArithmetic = portableArithmetic): boolean {
  if (group.suite === 'FROST-ED25519-SHA512') return arithmetic.ed25519.verify(group.publicKey, message, signature);
  try {
    return groupOf(group.suite).frost.verify(signature, message, group.publicKey);
  } catch {
    return false;
  }
}

function requireCommitments(group: GroupKey, commitments: ReadonlyMap<PartyId, Uint8Array>): void {
  const { elementBytes } = groupOf(group.suite);
  // An id outside the key set would make the signers interpolate over a point where nobody holds a share.
  if ([...commitments.keys()].some((party) => !group.parties.includes(party))) throw new BoopError('frost.unknown-party', 'a signer is not a party of this key');
  if (commitments.size < group.threshold) throw new BoopError('frost.too-few-commitments', 'fewer signers than the threshold');
  checkEach(commitments, 'frost.bad-commitment', BAD_COMMITMENT, (_party, bytes) => {
    if (bytes.length !== 2 * elementBytes) throw new RangeError(BAD_COMMITMENT);
  });
}

/** Runs `work`, which decodes all commitments; looks for the invalid ones only after it has failed, because a decoding costs a subgroup check. */
function blamingCommitments<T>(group: GroupKey, commitments: ReadonlyMap<PartyId, Uint8Array>, work: () => T): T {
  try {
    return work();
  } catch (error) {
    checkEach(commitments, 'frost.bad-commitment', BAD_COMMITMENT, (party, bytes) =>
      halves(bytes).forEach((element) => groupOf(group.suite).evaluateCommitment([element], party)),
    );
    if (error instanceof BoopError) throw error;
    throw new BoopError('frost.failed', 'the signing operation failed', { kind: 'fatal' });
  }
}

const halves = (bytes: Uint8Array): [Uint8Array, Uint8Array] => [bytes.slice(0, bytes.length / 2), bytes.slice(bytes.length / 2)];
