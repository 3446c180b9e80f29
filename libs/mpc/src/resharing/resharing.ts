import { createField, type Field, lagrangeCoefficients } from '@boop/field';
import { BoopError, concatBytes, equalBytes, lengthPrefixed, type PartyId, ProtocolAbort, type Rng, type RoundProtocol, uint32, utf8 } from '@boop/shared';
import { sha256 } from '@noble/hashes/sha2.js';
import { type OpeningRecorder } from '../boolean-engine.ts';
import { type HolderKeys } from '../holder-keys.ts';
import { type Prf, softwareAesCtr } from '../prf.ts';
import { addRandomShares } from '../prss.ts';
import { decodeResidues, encodeResidues, splitParts } from '../wire.ts';
import { COMBINATIONS, maskedCombinations } from './combinations.ts';
import { dealingBytes, dealingDigest, decodeDealing, DIGEST_BYTES, encodeDealing, subShare } from './dealing.ts';
import { judge, type Openings } from './judgement.ts';
import { encodeReveals, parseReveals, type Reveal } from './reveals.ts';
import { participantsOf, type ResharingParties } from './resharing-parties.ts';

export interface ResharingInput extends ResharingParties {
  readonly self: PartyId;
  readonly p: number;
  /** Residues in this batch; bounded so that a message stays below a link's frame. */
  readonly count: number;
  /** A dealer's canonical shares of them, under the old sharing. */
  readonly share?: Uint16Array;
  /** Keys of the dealers alone, for the masks of the openings; dealers have them. */
  readonly keys?: HolderKeys;
  /** 16 bytes, used once under these keys. */
  readonly runId: Uint8Array;
  /** Networks, epochs, the rows of the batch and their records: parties that mean other rows don't end with shares. */
  readonly context: Uint8Array;
  readonly prf?: Prf;
  readonly onOpen?: OpeningRecorder;
}

/** Residues in one batch at most: 1.6 MB per message. */
export const RESHARING_RESIDUES_MAX = 1 << 20;
const NONCE_BYTES = 32;

/**
 * Moves shared values from one Shamir sharing to a fresh one of other parties or degree, without rebuilding them (Desmedt–Jajodia 1997;
 * verified as in Wong–Wang–Wing 2002, with random combinations in place of commitments). With the same parties it is a refresh (Herzberg et al.
 * 1995): shares of the two sharings don't combine. A node that has lost its shares takes part as a receiver and is whole again.
 *
 * Rounds: 4 among all participants. (1) Each dealer sub-shares its share of every value and of {@link COMBINATIONS} masks, and tells all the
 * digests of what it dealt; all commit to a nonce. (2) Echo of what was told; nonces. The challenge is a hash of both, so nobody knew it
 * when it dealt. (3) Receivers open, per dealer, random combinations of the sub-shares, each with its mask. (4) A receiver that is contradicted shows what
 * the dealer sent it, which the dealer knows anyway.
 * The masks' values are a pseudorandom sharing of degree t among the dealers, and their sub-sharings are fresh: what opens is uniform.
 *
 * Per value and receiver 13 bits (p = 8191); all else is independent of the batch's size.
 * Aborts `resharing.liar` naming who lied, where one side's 3t + 1 parties tell (see `judge`); `resharing.inconsistent` with the suspects where there are
 * fewer; `resharing.equivocation`, `resharing.other-dealing`, `resharing.bad-opening`, `mpc.malformed-message` naming the sender.
 * A run that aborts leaves nothing behind; one that ends at an honest receiver has ended with shares that fit those of every other honest one.
 * @returns a receiver's new shares, canonical; undefined for a dealer that leaves
 */
export function reshare(input: ResharingInput, rng: Rng): RoundProtocol<Uint16Array | undefined> {
  return reshareDealing(deal, input, rng);
}

/** {@link reshare} with dealings of another making: what a dealer that lies would run. */
export function* reshareDealing(dealer: typeof deal, input: ResharingInput, rng: Rng): RoundProtocol<Uint16Array | undefined> {
  const participants = participantsOf(input);
  checkInput(input, participants);
  const { self, dealers, receivers, count, prf = softwareAesCtr } = input;
  const field = createField(input.p);
  const others = participants.filter((party) => party !== self);
  const scope = scopeOf(input);
  const secrets: Uint16Array[] = [];
  try {
    const nonce = rng.bytes(NONCE_BYTES);
    const dealings = dealers.includes(self) ? dealer(field, input, rng, secrets) : new Map<PartyId, Uint8Array>();
    const told = concatBytes(commitmentTo(scope, self, nonce), ...receivers.flatMap((to) => (dealings.has(to) ? [dealingDigest(scope, self, to, dealings.get(to)!)] : [])));
    const first = yield { send: others.map((to) => ({ to, payload: concatBytes(told, dealings.get(to) ?? EMPTY) })), receiveFrom: others };
    const heard = new Map(participants.map((from) => [from, from === self ? { told, dealing: dealings.get(self) } : cutFirst(field, input, from, first.get(from)!)]));
    const received = takeDealings(field, input, scope, heard);
    for (const { subShares } of received.values()) secrets.push(subShares);

    const echo = participants.map((party) => sha256(lengthPrefixed(utf8('boop/mpc/resharing/echo/v1'), scope, heard.get(party)!.told)));
    const second = yield { send: others.map((to) => ({ to, payload: concatBytes(...echo, nonce) })), receiveFrom: others };
    const nonces = participants.map((from) => (from === self ? nonce : checkEcho(participants, scope, self, from, echo, second.get(from)!, heard.get(from)!.told)));
    const challenge = sha256(lengthPrefixed(utf8('boop/mpc/resharing/challenge/v1'), scope, ...echo, ...nonces));

    const combine = (subShares: Uint16Array): Uint16Array => maskedCombinations(field, [subShares], count, challenge, prf)[0]!;
    const isReceiver = receivers.includes(self);
    const own = isReceiver ? maskedCombinations(field, dealers.map((dealer) => received.get(dealer)!.subShares), count, challenge, prf) : [];
    const opening = encodeResidues(field, Uint16Array.from(own.flatMap((values) => [...values])));
    const receiving = receivers.filter((party) => party !== self);
    const third = yield { send: isReceiver ? others.map((to) => ({ to, payload: opening })) : [], receiveFrom: receiving };
    const opened = new Map(receivers.map((from) => [from, from === self ? own : cutOpenings(field, dealers, from, third.get(from)!)]));
    const openings: Openings = new Map(dealers.map((dealer, at) => [dealer, new Map(receivers.map((receiver) => [receiver, opened.get(receiver)![at]!]))]));
    input.onOpen?.('resharing', [...opened.values()].flat().flatMap((values) => [...values]));
    const { named, disputes, suspects } = judge(field, input, openings);

    const mine = disputes.filter(({ receiver }) => receiver === self).map(({ dealer }): Reveal => ({ dealer, dealing: received.get(dealer)!.dealing }));
    const fourth = yield { send: isReceiver ? others.map((to) => ({ to, payload: encodeReveals(mine) })) : [], receiveFrom: receiving };
    const size = dealingBytes(field, count + COMBINATIONS);
    const reveals = new Map(receivers.map((from) => [from, from === self ? mine : parseReveals(fourth.get(from)!, dealers, size, from)]));
    const liars = new Set(named);
    for (const { dealer, receiver, expected } of disputes) {
      const shown = reveals.get(receiver)!.find((reveal) => reveal.dealer === dealer);
      liars.add(shown && isDealt(scope, heard.get(dealer)!.told, receivers, receiver, shown) && !isExpected(field, count, shown, expected, combine) ? dealer : receiver);
    }
    if (liars.size > 0) throw new ProtocolAbort('resharing.liar', 'a party dealt or opened what does not fit', [...liars].sort((a, b) => a - b));
    if (suspects.length > 0) throw new ProtocolAbort('resharing.inconsistent', 'the dealings don\'t fit, and too few parties are left to tell whose', suspects);
    return isReceiver ? combineShares(field, input, received) : undefined;
  } finally {
    for (const secret of secrets) secret.fill(0);
  }
}

const EMPTY = new Uint8Array(0);

function checkInput(input: ResharingInput, participants: readonly PartyId[]): void {
  const { self, dealers, count, share, keys } = input;
  const complete = !dealers.includes(self) || (share?.length === count && keys !== undefined);
  if (!participants.includes(self) || !complete || !Number.isInteger(count) || count < 1 || count > RESHARING_RESIDUES_MAX)
    throw new BoopError('resharing.input', 'a dealer brings its shares and keys, and a batch is bounded', { kind: 'fatal' });
}

/** Everything that the participants must agree on. */
function scopeOf({ dealers, dealerThreshold, receivers, receiverThreshold, p, count, runId, context }: ResharingInput): Uint8Array {
  const sides = [Uint8Array.from(dealers), Uint8Array.of(dealerThreshold), Uint8Array.from(receivers), Uint8Array.of(receiverThreshold)];
  return sha256(lengthPrefixed(utf8('boop/mpc/resharing/v1'), context, runId, ...sides, uint32(p), uint32(count)));
}

/** @returns the dealings by receiver; `secrets` takes what has to be wiped */
export function deal(field: Field, input: ResharingInput, rng: Rng, secrets: Uint16Array[]): Map<PartyId, Uint8Array> {
  const { self, dealers, dealerThreshold, receivers, receiverThreshold, share, keys, prf = softwareAesCtr } = input;
  const masks = new Uint16Array(COMBINATIONS);
  const holding = keys!.checkHolders(self, dealers, dealerThreshold);
  // Dealers that were told of different batches under one run id use unrelated masks.
  const streams = keys!.streams('resharing', scopeOf(input).subarray(0, 16), prf);
  addRandomShares(field, holding, streams, masks);
  for (const stream of streams) stream.wipe();
  const values = new Uint16Array(share!.length + COMBINATIONS);
  values.set(share!);
  values.set(masks, share!.length);
  const dealt = subShare(field, values, receiverThreshold, receivers, rng);
  secrets.push(values, masks, ...dealt);
  return new Map(receivers.map((to, at) => [to, encodeDealing(field, dealt[at]!, rng)]));
}

const commitmentTo = (scope: Uint8Array, party: PartyId, nonce: Uint8Array): Uint8Array => sha256(lengthPrefixed(utf8('boop/mpc/resharing/nonce/v1'), scope, Uint8Array.of(party), nonce));

/** Cuts a message of the first round into what goes to all and what is for this party. */
function cutFirst(field: Field, { self, dealers, receivers, count }: ResharingInput, from: PartyId, payload: Uint8Array): { told: Uint8Array; dealing: Uint8Array | undefined } {
  const isDealer = dealers.includes(from);
  const toldBytes = DIGEST_BYTES * (1 + (isDealer ? receivers.length : 0));
  const size = isDealer && receivers.includes(self) ? dealingBytes(field, count + COMBINATIONS) : 0;
  if (payload.length !== toldBytes + size) throw new ProtocolAbort('mpc.malformed-message', 'a message of this round has one length', [from]);
  return { told: payload.slice(0, toldBytes), dealing: size > 0 ? payload.slice(toldBytes) : undefined };
}

interface Dealt {
  readonly dealing: Uint8Array;
  readonly subShares: Uint16Array;
}

function takeDealings(field: Field, { self, dealers, receivers, count }: ResharingInput, scope: Uint8Array, heard: ReadonlyMap<PartyId, { told: Uint8Array; dealing: Uint8Array | undefined }>): Map<PartyId, Dealt> {
  if (!receivers.includes(self)) return new Map();
  return new Map(
    dealers.map((dealer) => {
      const { told, dealing } = heard.get(dealer)!;
      if (!isDealt(scope, told, receivers, self, { dealer, dealing: dealing! })) throw new ProtocolAbort('resharing.other-dealing', 'a dealing is not the one that the dealer has told of', [dealer]);
      return [dealer, { dealing: dealing!, subShares: decodeDealing(field, dealing!, count + COMBINATIONS, dealer) }];
    }),
  );
}

/** Whether a dealing is the one whose digest its dealer has told to all. */
function isDealt(scope: Uint8Array, told: Uint8Array, receivers: readonly PartyId[], receiver: PartyId, { dealer, dealing }: Reveal): boolean {
  const at = DIGEST_BYTES * (1 + receivers.indexOf(receiver));
  return equalBytes(told.subarray(at, at + DIGEST_BYTES), dealingDigest(scope, dealer, receiver, dealing));
}

function isExpected(field: Field, count: number, { dealer, dealing }: Reveal, expected: Uint16Array, combine: (subShares: Uint16Array) => Uint16Array): boolean {
  try {
    return combine(decodeDealing(field, dealing, count + COMBINATIONS, dealer)).every((value, k) => value === expected[k]);
  } catch {
    return false;
  }
}

/** @returns the nonce of `from`; what it can't honestly report in another way are its own message and ours */
function checkEcho(participants: readonly PartyId[], scope: Uint8Array, self: PartyId, from: PartyId, echo: readonly Uint8Array[], payload: Uint8Array, told: Uint8Array): Uint8Array {
  const parts = splitParts(payload, participants.length + 1, DIGEST_BYTES, from);
  participants.forEach((party, at) => {
    if (!equalBytes(parts[at]!, echo[at]!)) throw new ProtocolAbort('resharing.equivocation', 'participants were told different things', party === self || party === from ? [from] : []);
  });
  const nonce = parts[participants.length]!;
  if (!equalBytes(commitmentTo(scope, from, nonce), told.subarray(0, DIGEST_BYTES))) throw new ProtocolAbort('resharing.bad-opening', 'a nonce does not open its commitment', [from]);
  return nonce;
}

function cutOpenings(field: Field, dealers: readonly PartyId[], from: PartyId, payload: Uint8Array): Uint16Array[] {
  const values = decodeResidues(field, payload, dealers.length * COMBINATIONS, from);
  return dealers.map((_, at) => values.slice(at * COMBINATIONS, (at + 1) * COMBINATIONS));
}

/** Σ λ_j·f_j(self) over t + 1 dealers: the value at `self` of a polynomial of degree t' through the old secret. */
function combineShares(field: Field, { dealers, dealerThreshold, count }: ResharingInput, received: ReadonlyMap<PartyId, Dealt>): Uint16Array {
  const base = dealers.slice(0, dealerThreshold + 1);
  const weights = lagrangeCoefficients(field, base);
  const parts = base.map((dealer) => received.get(dealer)!.subShares);
  const share = new Uint16Array(count);
  for (let i = 0; i < count; i++) {
    let value = 0;
    for (let j = 0; j < parts.length; j++) value += weights[j]! * parts[j]![i]!;
    share[i] = value % field.p;
  }
  return share;
}
