import { type DKG_Round1, type DKG_Round2, type DKG_Secret, type FrostPublic, type FrostSecret, type Identifier } from '@noble/curves/abstract/frost.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { BoopError, concatBytes, equalBytes, type Outgoing, type PartyId, ProtocolAbort, type Rng, type RoundProtocol } from '@boop/shared';
import {
  type Address,
  ceremonyId,
  decodePackage,
  encodePackage,
  EVERYBODY,
  type Identities,
  MessageKind,
  open,
  packageBytes,
  seal,
  sealedBytes,
} from './ceremony-messages.ts';
import { checkParameters, createGroupKey, type GroupKeyParameters, identifierOf, serializeGroupKey } from './group-key.ts';
import { KeyShare } from './key-share.ts';
import { groupOf, nobleRng } from './suites.ts';

export interface KeyCeremonyInput extends GroupKeyParameters, Identities {
  readonly self: PartyId;
  /** Network id ‖ ceremony id; unique per attempt, or a party that tries again looks like one that says two things. */
  readonly context: Uint8Array;
}

/**
 * Distributed key generation among all parties: Pedersen's, with proofs of possession ([KG20] figure 1, the DKG that
 * belongs to RFC 9591). No party learns the secret; any `threshold` of the shares can use it, fewer learn nothing.
 * Everything sent is signed with the node identity and bound to the parameters and the context.
 *
 * Rounds: 4. Packages to all; echo of all packages seen, so that a dealer who says two things is proven to; sub-shares,
 * only after the echoes agree, over the confidential link; confirmation of the group key. Sizes for N = 5, threshold 3,
 * Ed25519: 256, 1,120, 128, 128 bytes per message. Safe with abort: any fault ends the run without a key, at the
 * party that saw it by a ProtocolAbort `ceremony.*` that names the culprit, elsewhere by the caller's bound on waiting. The
 * key is to be used only once all parties have stored it. A rushing party can bias the public key, which FROST's
 * proof allows for.
 *
 * Throws `threshold.invalid-parameters` at the first step.
 */
export function* keyCeremony(input: KeyCeremonyInput, rng: Rng): RoundProtocol<KeyShare> {
  checkParameters(input);
  if (!input.parties.includes(input.self)) throw new BoopError('threshold.invalid-parameters', 'self must be one of the parties');
  const { self, parties, threshold, suite } = input;
  const { frost, scalarBytes } = groupOf(suite);
  const others = parties.filter((party) => party !== self);
  const id = ceremonyId(input, input.context);
  const sealFor = (kind: MessageKind, to: Address['to'], content: Uint8Array) => seal(id, { kind, from: self, to }, content, input);
  const toAll = (payload: Uint8Array): Outgoing[] => others.map((to) => ({ to, payload }));

  const { public: ownPackage, secret } = frost.DKG.round1(identifierOf(input, self), { min: threshold, max: parties.length }, undefined, nobleRng(rng));
  try {
    const own = sealFor(MessageKind.package, EVERYBODY, encodePackage(ownPackage));
    const sealed = new Map(yield { send: toAll(own), receiveFrom: others });
    const contents = new Map(others.map((from) => [from, openFrom(input, id, MessageKind.package, from, sealed.get(from)!, packageBytes(input))]));
    const packages = new Map([...contents].map(([from, bytes]) => [from, decodePackage(input, from, bytes)]));
    const dealt = dealSubShares(input, secret, packages, rng);

    sealed.set(self, own);
    contents.set(self, encodePackage(ownPackage));
    const echo = concatBytes(...others.map((party) => sealed.get(party)!));
    const echoes = yield { send: toAll(sealFor(MessageKind.echo, EVERYBODY, echo)), receiveFrom: others };
    for (const from of others) compareEcho(input, id, from, openFrom(input, id, MessageKind.echo, from, echoes.get(from)!, echo.length), sealed, contents);

    const send = others.map((to) => ({ to, payload: sealFor(MessageKind.subShare, to, dealt[identifierOf(input, to)]!.signingShare) }));
    const subShares = yield { send, receiveFrom: others };
    const received = others.map((from) => {
      const signingShare = open(id, { kind: MessageKind.subShare, from, to: self }, subShares.get(from)!, scalarBytes, input);
      verifySubShare(input, from, packages.get(from)!, signingShare);
      return { identifier: identifierOf(input, from), signingShare };
    });
    const key = frost.DKG.round3(secret, [...packages.values()], received);
    const group = createGroupKey(input, key.public.commitments);

    const transcript = parties.map((party) => contents.get(party)!);
    const digest = sha256(concatBytes(id, ...transcript, serializeGroupKey(group)));
    const confirmations = yield { send: toAll(sealFor(MessageKind.confirmation, EVERYBODY, digest)), receiveFrom: others };
    for (const from of others) {
      if (!equalBytes(openFrom(input, id, MessageKind.confirmation, from, confirmations.get(from)!, digest.length), digest)) {
        throw new ProtocolAbort('ceremony.confirmation-mismatch', 'a party confirms another group key', [from]);
      }
    }
    return new KeyShare(group, self, key.secret.signingShare);
  } finally {
    frost.DKG.clean(secret);
  }
}

const openFrom = (input: KeyCeremonyInput, id: Uint8Array, kind: MessageKind, from: PartyId, message: Uint8Array, contentBytes: number): Uint8Array =>
  open(id, { kind, from, to: EVERYBODY }, message, contentBytes, input);

/**
 * Our sub-shares for the others, computed only if every package is valid: commitments are elements of the group, and the
 * dealer proves that it knows its constant coefficient (else it could cancel the others' keys).
 */
function dealSubShares(input: KeyCeremonyInput, secret: DKG_Secret, packages: ReadonlyMap<PartyId, DKG_Round1>, rng: Rng): Record<Identifier, DKG_Round2> {
  try {
    return groupOf(input.suite).frost.DKG.round2(secret, [...packages.values()]);
  } catch {
    const blame = [...packages].filter(([from, pkg]) => !isValidPackage(input, from, pkg, rng)).map(([from]) => from);
    throw new ProtocolAbort('ceremony.bad-proof', 'a proof of possession or a commitment is not valid', blame);
  }
}

/** noble checks packages only all together: so this one among fresh valid ones. */
function isValidPackage(input: KeyCeremonyInput, from: PartyId, pkg: DKG_Round1, rng: Rng): boolean {
  const { frost } = groupOf(input.suite);
  const signers = { min: input.threshold, max: input.parties.length };
  const fresh = (party: PartyId) => frost.DKG.round1(identifierOf(input, party), signers, undefined, nobleRng(rng));
  const peers = input.parties.filter((party) => party !== input.self);
  try {
    frost.DKG.round2(
      fresh(input.self).secret,
      peers.map((party) => (party === from ? pkg : fresh(party).public)),
    );
    return true;
  } catch {
    return false;
  }
}

/**
 * The echoing party forwards every package as signed by its dealer, so a difference names who lied: the dealer, if both
 * versions bear its signature, else the echoing party.
 */
function compareEcho(
  input: KeyCeremonyInput,
  id: Uint8Array,
  from: PartyId,
  echo: Uint8Array,
  sealed: ReadonlyMap<PartyId, Uint8Array>,
  contents: ReadonlyMap<PartyId, Uint8Array>,
): void {
  const size = sealedBytes(packageBytes(input));
  input.parties
    .filter((party) => party !== from)
    .forEach((dealer, at) => {
      const message = echo.slice(at * size, (at + 1) * size);
      if (equalBytes(message, sealed.get(dealer)!)) return;
      let content: Uint8Array;
      try {
        content = openFrom(input, id, MessageKind.package, dealer, message, packageBytes(input));
      } catch {
        throw new ProtocolAbort('ceremony.forged-echo', 'a party echoes a package that its dealer did not sign', [from]);
      }
      if (!equalBytes(content, contents.get(dealer)!)) throw new ProtocolAbort('ceremony.equivocation', 'a dealer sent different packages to different parties', [dealer]);
    });
}

function verifySubShare(input: KeyCeremonyInput, from: PartyId, pkg: DKG_Round1, signingShare: Uint8Array): void {
  const secret = { identifier: identifierOf(input, input.self), signingShare } as FrostSecret;
  const pub = { signers: { min: input.threshold, max: input.parties.length }, commitments: pkg.commitment, verifyingShares: {} } as FrostPublic;
  try {
    groupOf(input.suite).frost.validateSecret(secret, pub);
  } catch {
    throw new ProtocolAbort('ceremony.bad-sub-share', 'a sub-share does not fit its commitments', [from]);
  }
}
