import { concatBytes, equalBytes, lengthPrefixed, type PartyId, ProtocolAbort, type Rng, type RoundProtocol, uint32, utf8 } from '@boop/shared';
import { sha256 } from '@noble/hashes/sha2.js';
import { CommitteeKeys } from './committee-keys.ts';
import { HolderKeys } from './holder-keys.ts';
import { createHolding, type Holding } from './holding.ts';
import { createReplication } from './replication.ts';
import { splitParts } from './wire.ts';

export interface HolderAgreementInput {
  readonly self: PartyId;
  /** 2t + 1 or more ascending party ids. */
  readonly parties: readonly PartyId[];
  readonly threshold: number;
  /** Binds the keys to network, epoch and boot nonces; equal at all members, else the run aborts. */
  readonly context: Uint8Array;
}

export interface KeyAgreementInput extends Omit<HolderAgreementInput, 'parties'> {
  /** 2t + 1 ascending party ids. */
  readonly committee: readonly PartyId[];
}

const BYTES = 32;
const hash = (label: string, ...parts: readonly Uint8Array[]): Uint8Array => sha256(lengthPrefixed(utf8(`boop/mpc/keys/${label}/v1`), ...parts));

/**
 * Joint keys of the replicated components: every holder of a component contributes 32 bytes; the key is a hash of all
 * contributions, so one honest holder makes it uniform and no member sets it.
 * Three rounds among all members: commitments; contributions to fellow holders, with an echo of all commitments seen;
 * confirmation of every shared key. Aborts `keys.equivocation`, `keys.bad-opening` or `keys.unconfirmed`, naming the liar
 * where one message proves it to this member. One inconsistently dealt key would make honest members accept impostors.
 */
export function* agreeHolderKeys(input: HolderAgreementInput, rng: Rng): RoundProtocol<HolderKeys> {
  const holding = createHolding(input.self, input.parties, input.threshold);
  return new HolderKeys(holding, yield* agree(holding, input.context, rng));
}

/** {@link agreeHolderKeys} among a committee. */
export function* agreeCommitteeKeys({ self, committee, threshold, context }: KeyAgreementInput, rng: Rng): RoundProtocol<CommitteeKeys> {
  const replication = createReplication(self, committee, threshold);
  return new CommitteeKeys(self, committee, threshold, yield* agree(replication, context, rng));
}

/** @returns the keys of the components that `self` holds, in the order of `held` */
function* agree(holding: Holding, context: Uint8Array, rng: Rng): RoundProtocol<Uint8Array[]> {
  const { self, parties, threshold, components, held, me } = holding;
  const others = parties.filter((party) => party !== self);
  const scope = lengthPrefixed(context, Uint8Array.from(parties), Uint8Array.of(threshold));
  const heldBy = (member: number): number[] => components.flatMap(({ holders }, c) => (holders.includes(member) ? [c] : []));
  const sharedWith = (party: PartyId): number[] => held.filter((c) => components[c]!.holders.includes(parties.indexOf(party)));
  const commit = (component: number, dealer: number, value: Uint8Array): Uint8Array => hash('commitment', scope, uint32(component), Uint8Array.of(dealer), value);

  const mine = new Map(held.map((c) => [c, rng.bytes(BYTES)]));
  const commitments = concatBytes(...held.map((c) => commit(c, me, mine.get(c)!)));
  const first = yield { send: others.map((to) => ({ to, payload: commitments })), receiveFrom: others };
  const seen = parties.map((party) => (party === self ? commitments : first.get(party)!));
  const committed = seen.map((message, member) => new Map(splitParts(message, heldBy(member).length, BYTES, parties[member]!).map((part, i) => [heldBy(member)[i]!, part])));

  const echo = seen.map((message) => hash('echo', scope, message));
  const second = yield {
    send: others.map((to) => ({ to, payload: concatBytes(...echo, ...sharedWith(to).map((c) => mine.get(c)!)) })),
    receiveFrom: others,
  };
  const contributions = new Map(held.map((c) => [c, new Map([[me, mine.get(c)!]])]));
  for (const from of others) {
    const member = parties.indexOf(from);
    const shared = sharedWith(from);
    const parts = splitParts(second.get(from)!, parties.length + shared.length, BYTES, from);
    checkEcho(parts.slice(0, parties.length), echo, [me, member], from);
    shared.forEach((c, i) => {
      const value = parts[parties.length + i]!;
      if (!equalBytes(commit(c, member, value), committed[member]!.get(c)!)) {
        throw new ProtocolAbort('keys.bad-opening', 'a contribution does not open its commitment', [from]);
      }
      contributions.get(c)!.set(member, value);
    });
  }

  const transcript = hash('transcript', scope, ...echo);
  const keys = new Map(
    held.map((c) => [c, hash('key', transcript, uint32(c), ...components[c]!.holders.map((holder) => contributions.get(c)!.get(holder)!))]),
  );
  const confirmation = (c: number, member: number): Uint8Array => hash('confirmation', transcript, keys.get(c)!, uint32(c), Uint8Array.of(member));
  const third = yield {
    send: others.map((to) => ({ to, payload: concatBytes(...sharedWith(to).map((c) => confirmation(c, me))) })),
    receiveFrom: others,
  };
  for (const from of others) {
    const member = parties.indexOf(from);
    const shared = sharedWith(from);
    const parts = splitParts(third.get(from)!, shared.length, BYTES, from);
    if (!shared.every((c, i) => equalBytes(parts[i]!, confirmation(c, member)))) throw new ProtocolAbort('keys.unconfirmed', 'a member confirms another key', [from]);
  }
  for (const values of contributions.values()) for (const value of values.values()) value.fill(0);
  return [...keys.values()];
}

/** `certain` are the members of whose messages `from` can't honestly report another hash: our own, and its own. */
function checkEcho(theirs: readonly Uint8Array[], ours: readonly Uint8Array[], certain: readonly number[], from: PartyId): void {
  ours.forEach((digest, member) => {
    if (equalBytes(digest, theirs[member]!)) return;
    throw new ProtocolAbort('keys.equivocation', 'members saw different commitments', certain.includes(member) ? [from] : []);
  });
}
