import { sha256 } from '@noble/hashes/sha2.js';
import { BoopError, concatBytes, type Epoch, equalBytes, lengthPrefixed, type Outgoing, type PartyId, ProtocolAbort, type Rng, type RoundProtocol, utf8 } from '@boop/shared';
import { type Identities } from './ceremony-messages.ts';
import { createGroupKey, type GroupKey, serializeGroupKey } from './group-key.ts';
import { KeyShare, signingShareOf } from './key-share.ts';
import { type ResharingGroup, resharingGroup } from './resharing-group.ts';
import { groupOf } from './suites.ts';

export interface KeyResharingInput extends Identities {
  readonly self: PartyId;
  /** Public side of the key in use. */
  readonly old: GroupKey;
  /** A dealer's share of it. */
  readonly share?: KeyShare;
  /** Exactly `old.threshold` parties of the old key, ascending: those whose shares are dealt. */
  readonly dealers: readonly PartyId[];
  /** Parties of the new key, ascending; one that takes over a point from another custodian is no dealer. */
  readonly receivers: readonly PartyId[];
  /** Signers that the new key needs. */
  readonly threshold: number;
  /** After the old key's. */
  readonly epoch: Epoch;
  /** Network id ‖ id of this attempt. */
  readonly context: Uint8Array;
}

const DIGEST_BYTES = 32;
const SIGNATURE_BYTES = 64;

/**
 * A fresh sharing of a group key among other (or the same) parties; the public key stays, and shares of the two sharings don't combine. Each dealer
 * shares its share anew with Feldman's commitments (Feldman 1987; Herzberg et al. 1995; Desmedt–Jajodia 1997; Wong–Wang–Wing 2002), whose constant must be the
 * verifying share that everybody knows of it, so that no dealer can deal another value. A new share is the Lagrange combination of what the dealers dealt.
 *
 * Rounds: 3 among all. Commitments to all, signed; sub-shares, over the confidential link, with a signed echo of all commitments; confirmation of the new
 * key. Safe with abort: `resharing.*` names who is proven to have lied to this party (`resharing.bad-dealing`, `resharing.bad-sub-share`, `resharing.forged-echo`,
 * `resharing.equivocation`, `resharing.bad-signature`, `resharing.other-key`, `resharing.malformed`). The new key is to be used once all receivers have stored it.
 * A coalition of old signers keeps what it has: the old sharing must be erased, and holders that don't can still sign under the same public key.
 *
 * Throws `threshold.invalid-parameters` at the first step.
 * @returns the share, and at a dealer that leaves the new public side alone
 */
export function* reshareKey(input: KeyResharingInput, rng: Rng): RoundProtocol<{ group: GroupKey; share: KeyShare | undefined }> {
  const participants = checkInput(input);
  const { self, old, dealers, receivers, threshold } = input;
  const arithmetic = resharingGroup(old.suite);
  const others = participants.filter((party) => party !== self);
  const scope = scopeOf(input);
  const toAll = (payload: Uint8Array): Outgoing[] => others.map((to) => ({ to, payload }));
  const isDealer = dealers.includes(self);
  const isReceiver = receivers.includes(self);
  let coefficients: bigint[] = [];
  try {
    if (isDealer) coefficients = [arithmetic.parseScalar(signingShareOf(input.share!)), ...Array.from({ length: threshold - 1 }, () => arithmetic.scalarFrom(rng.bytes(arithmetic.scalarBytes + 16)))];
    const own = isDealer ? signed(input, scope, COMMITMENTS, concatBytes(...coefficients.map((coefficient) => arithmetic.commit(coefficient)))) : EMPTY;
    const otherDealers = dealers.filter((party) => party !== self);
    const first = yield { send: isDealer ? toAll(own) : [], receiveFrom: otherDealers };
    const sealed = new Map(dealers.map((party) => [party, party === self ? own : first.get(party)!]));
    const dealt = new Map(dealers.map((party) => [party, commitmentsOf(input, scope, party, sealed.get(party)!)]));
    const weights = arithmetic.weights(dealers);
    const combined = Array.from({ length: threshold }, (_, at) => arithmetic.combine(weights, dealers.map((dealer) => dealt.get(dealer)![at]!)));
    const group = newGroup(input, combined);

    const echo = concatBytes(...dealers.map((party) => sealed.get(party)!));
    const echoed = signed(input, scope, ECHO, sha256(echo));
    const second = yield {
      send: others.map((to) => ({ to, payload: concatBytes(echo, echoed, isDealer && receivers.includes(to) ? arithmetic.scalarToBytes(arithmetic.evaluate(coefficients, to)) : EMPTY) })),
      receiveFrom: others,
    };
    const subShares = new Map<PartyId, bigint>();
    for (const from of others) {
      const size = isReceiver && dealers.includes(from) ? arithmetic.scalarBytes : 0;
      const payload = second.get(from)!;
      const known = echo.length + DIGEST_BYTES + SIGNATURE_BYTES;
      if (payload.length !== known + size) throw malformed(from);
      compareEcho(input, scope, from, payload.slice(0, echo.length), payload.slice(echo.length, known), sealed);
      if (size > 0) subShares.set(from, subShareOf(arithmetic, dealt.get(from)!, old, self, from, payload.slice(known)));
    }
    if (isReceiver && isDealer) subShares.set(self, arithmetic.evaluate(coefficients, self));

    const digest = sha256(lengthPrefixed(scope, serializeGroupKey(group)));
    const third = yield { send: toAll(signed(input, scope, CONFIRMATION, digest)), receiveFrom: others };
    for (const from of others) if (!equalBytes(open(input, scope, CONFIRMATION, from, third.get(from)!, DIGEST_BYTES), digest)) throw new ProtocolAbort('resharing.other-key', 'a party confirms another key', [from]);
    if (!isReceiver) return { group, share: undefined };
    const scalar = arithmetic.scalarToBytes(arithmetic.sum(weights, dealers.map((dealer) => subShares.get(dealer)!)));
    const share = new KeyShare(group, self, scalar);
    scalar.fill(0);
    return { group, share };
  } finally {
    coefficients.fill(0n);
  }
}

const EMPTY = new Uint8Array(0);
const [COMMITMENTS, ECHO, CONFIRMATION] = [1, 2, 3];
const malformed = (from: PartyId): ProtocolAbort => new ProtocolAbort('resharing.malformed', 'a message of this round has one length', [from]);

function checkInput({ self, old, share, dealers, receivers, threshold, epoch }: KeyResharingInput): PartyId[] {
  const refuse = (rule: string): never => {
    throw new BoopError('threshold.invalid-parameters', rule);
  };
  const ascending = (list: readonly number[]): boolean => list.every((party, at) => Number.isInteger(party) && party >= 1 && party <= 255 && (at === 0 || party > list[at - 1]!));
  if (!ascending(dealers) || dealers.length !== old.threshold || !dealers.every((party) => old.parties.includes(party))) refuse('dealers are as many parties of the old key as it needs');
  if (!ascending(receivers) || !Number.isInteger(threshold) || threshold < 2 || threshold > receivers.length) refuse('threshold must be between 2 and the number of receivers');
  if (epoch <= old.epoch) refuse('the new epoch must come after the old one');
  const participants = [...new Set([...dealers, ...receivers])].sort((a, b) => a - b);
  if (!participants.includes(self)) refuse('self must take part');
  if (dealers.includes(self) && (share?.self !== self || !equalBytes(serializeGroupKey(share.group), serializeGroupKey(old)))) refuse('a dealer brings its share of the old key');
  return participants;
}

function scopeOf({ old, dealers, receivers, threshold, epoch, context }: KeyResharingInput): Uint8Array {
  return sha256(lengthPrefixed(utf8('boop/threshold/resharing/v1'), context, serializeGroupKey(old), Uint8Array.from(dealers), Uint8Array.from(receivers), Uint8Array.of(threshold), utf8(String(epoch))));
}

const signedBytes = (scope: Uint8Array, kind: number | undefined, from: PartyId, content: Uint8Array): Uint8Array => lengthPrefixed(utf8('boop/threshold/resharing/message/v1'), scope, Uint8Array.of(kind!, from), content);

const signed = (input: KeyResharingInput, scope: Uint8Array, kind: number | undefined, content: Uint8Array): Uint8Array => concatBytes(content, input.sign(signedBytes(scope, kind, input.self, content)));

function open(input: KeyResharingInput, scope: Uint8Array, kind: number | undefined, from: PartyId, message: Uint8Array, contentBytes: number): Uint8Array {
  if (message.length !== contentBytes + SIGNATURE_BYTES) throw malformed(from);
  const content = message.slice(0, contentBytes);
  if (!input.verify(from, signedBytes(scope, kind, from, content), message.slice(contentBytes))) throw new ProtocolAbort('resharing.bad-signature', 'a message is not signed by its sender', [from]);
  return content;
}

/** A dealer's commitments; the first must be the verifying share that the old key gives it. */
function commitmentsOf(input: KeyResharingInput, scope: Uint8Array, dealer: PartyId, message: Uint8Array): Uint8Array[] {
  const { old, threshold } = input;
  const { elementBytes } = resharingGroup(old.suite);
  const content = open(input, scope, COMMITMENTS, dealer, message, threshold * elementBytes);
  const commitments = Array.from({ length: threshold }, (_, at) => content.slice(at * elementBytes, (at + 1) * elementBytes));
  const bad = (): ProtocolAbort => new ProtocolAbort('resharing.bad-dealing', 'a dealer does not deal its share of the old key', [dealer]);
  if (!equalBytes(commitments[0]!, old.verifyingShares.get(dealer)!)) throw bad();
  try {
    groupOf(old.suite).evaluateCommitment(commitments, dealer);
  } catch {
    throw bad();
  }
  return commitments;
}

/** The combined commitments can degenerate only if all dealers conspire or by a chance of 2⁻²⁵². */
function newGroup({ old, receivers, threshold, epoch }: KeyResharingInput, commitments: readonly Uint8Array[]): GroupKey {
  const group = createGroupKey({ name: old.name, suite: old.suite, epoch, threshold, parties: receivers }, commitments);
  if (!equalBytes(group.publicKey, old.publicKey)) throw new ProtocolAbort('resharing.bad-dealing', 'the dealings are not of the old key');
  return group;
}

function subShareOf(arithmetic: ResharingGroup, commitments: readonly Uint8Array[], old: GroupKey, self: PartyId, dealer: PartyId, bytes: Uint8Array): bigint {
  try {
    const scalar = arithmetic.parseScalar(bytes);
    if (equalBytes(arithmetic.commit(scalar), groupOf(old.suite).evaluateCommitment(commitments, self))) return scalar;
  } catch {
    // Not a scalar: refused below.
  }
  throw new ProtocolAbort('resharing.bad-sub-share', 'a sub-share does not fit its commitments', [dealer]);
}

/** Every dealing is forwarded as its dealer signed it, so a difference names who lied: the dealer, or the one who echoes. */
function compareEcho(input: KeyResharingInput, scope: Uint8Array, from: PartyId, echo: Uint8Array, proof: Uint8Array, sealed: ReadonlyMap<PartyId, Uint8Array>): void {
  if (!equalBytes(open(input, scope, ECHO, from, proof, DIGEST_BYTES), sha256(echo))) throw new ProtocolAbort('resharing.forged-echo', 'an echo is not the one that was signed', [from]);
  const size = echo.length / input.dealers.length;
  input.dealers.forEach((dealer, at) => {
    const theirs = echo.slice(at * size, (at + 1) * size);
    if (equalBytes(theirs, sealed.get(dealer)!)) return;
    try {
      open(input, scope, COMMITMENTS, dealer, theirs, size - SIGNATURE_BYTES);
    } catch {
      throw new ProtocolAbort('resharing.forged-echo', 'a party echoes a dealing that its dealer did not sign', [from]);
    }
    throw new ProtocolAbort('resharing.equivocation', 'a dealer told different parties different things', [dealer]);
  });
}
