import { type NonceCommitments } from '@noble/curves/abstract/frost.js';
import { BoopError, concatBytes, equalBytes, type PartyId, type Rng } from '@boop/shared';
import { checkEach } from './fault.ts';
import { frostPublic, type GroupKey, identifierOf } from './group-key.ts';
import { frostSecret, type KeyShare } from './key-share.ts';
import { consume, SigningNonces, wipe } from './nonces.ts';
import { groupOf, nobleRng } from './suites.ts';

const BAD_COMMITMENT = 'a nonce commitment is not a pair of valid elements';

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
export function signShare(share: KeyShare, nonces: SigningNonces, commitments: ReadonlyMap<PartyId, Uint8Array>, message: Uint8Array): Uint8Array {
  const attempt = consume(nonces, share);
  try {
    const list = commitmentList(share.group, commitments);
    const own = commitments.get(share.self);
    if (own === undefined) throw new BoopError('frost.own-commitment-missing', 'the commitment list lacks the signer', { kind: 'peer' });
    if (!equalBytes(own, attempt.commitment)) {
      throw new BoopError('frost.own-commitment-altered', 'the commitment list holds another commitment of the signer', { kind: 'peer' });
    }
    const { frost } = groupOf(share.group.suite);
    return blamingCommitments(share.group, commitments, () => frost.signShare(frostSecret(share), frostPublic(share.group), attempt.nonces, list, message));
  } finally {
    wipe(attempt.nonces);
  }
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
): Uint8Array {
  const { frost, parseScalar } = groupOf(group.suite);
  const list = commitmentList(group, commitments);
  if (shares.size !== commitments.size || [...shares.keys()].some((party) => !commitments.has(party))) {
    throw new BoopError('frost.shares-mismatch', 'shares and commitments must come from the same parties');
  }
  const badShare = 'a signature share is not valid';
  checkEach(shares, 'frost.bad-share', badShare, (_party, bytes) => parseScalar(bytes));
  const byIdentifier = Object.fromEntries([...shares].map(([party, bytes]) => [identifierOf(group, party), bytes]));
  const pub = frostPublic(group);
  return blamingCommitments(group, commitments, () => {
    try {
      return frost.aggregate(pub, list, message, byIdentifier);
    } catch (error) {
      checkEach(shares, 'frost.bad-share', badShare, (party, bytes) => {
        if (!frost.verifyShare(pub, list, message, identifierOf(group, party), bytes)) throw new RangeError(badShare);
      });
      throw error;
    }
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
  const list = commitmentList(group, commitments);
  try {
    return groupOf(group.suite).frost.verifyShare(frostPublic(group), list, message, identifierOf(group, party), share);
  } catch {
    return false;
  }
}

/** Whether `signature` is one of the group key over `message`. */
export function verifySignature(group: GroupKey, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return groupOf(group.suite).frost.verify(signature, message, group.publicKey);
  } catch {
    return false;
  }
}

function commitmentList(group: GroupKey, commitments: ReadonlyMap<PartyId, Uint8Array>): NonceCommitments[] {
  const { elementBytes } = groupOf(group.suite);
  // An id outside the key set would make noble interpolate over a point where nobody holds a share.
  if ([...commitments.keys()].some((party) => !group.parties.includes(party))) throw new BoopError('frost.unknown-party', 'a signer is not a party of this key');
  if (commitments.size < group.threshold) throw new BoopError('frost.too-few-commitments', 'fewer signers than the threshold');
  checkEach(commitments, 'frost.bad-commitment', BAD_COMMITMENT, (_party, bytes) => {
    if (bytes.length !== 2 * elementBytes) throw new RangeError(BAD_COMMITMENT);
  });
  return [...commitments].map(([party, bytes]) => {
    const [hiding, binding] = halves(bytes);
    return { identifier: identifierOf(group, party), hiding, binding } as NonceCommitments;
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
