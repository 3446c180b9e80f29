import { type DKG_Round1 } from '@noble/curves/abstract/frost.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, equalBytes, lengthPrefixed, type PartyId, ProtocolAbort, utf8 } from '@boop/shared';
import { uint64 } from './codec.ts';
import { type GroupKeyParameters, identifierOf } from './group-key.ts';
import { groupOf } from './suites.ts';

/** Round of a ceremony message; part of what is signed. */
export const MessageKind = { package: 1, echo: 2, subShare: 3, confirmation: 4 } as const;
export type MessageKind = (typeof MessageKind)[keyof typeof MessageKind];

/** Recipient of a message that goes to all parties. */
export const EVERYBODY = 0;

const LABEL = utf8('boop/threshold/ceremony/v1');
const ID_BYTES = 32;
const SIGNATURE_BYTES = 64;

export interface Identities {
  /** Ed25519 signature (64 bytes) by this node's identity key. */
  readonly sign: (bytes: Uint8Array) => Uint8Array;
  readonly verify: (party: PartyId, bytes: Uint8Array, signature: Uint8Array) => boolean;
}

/** SHA-256 over everything that the parties must agree on before they start. */
export function ceremonyId(parameters: GroupKeyParameters, context: Uint8Array): Uint8Array {
  const { name, suite, epoch, threshold, parties } = parameters;
  return sha256(lengthPrefixed(LABEL, context, utf8(name), utf8(suite), uint64(epoch), Uint8Array.of(threshold), Uint8Array.from(parties)));
}

export interface Address {
  readonly kind: MessageKind;
  readonly from: PartyId;
  readonly to: PartyId | typeof EVERYBODY;
}

/** Ceremony id ‖ content ‖ signature over (label, ceremony id, kind, from, to, content). */
export function seal(id: Uint8Array, address: Address, content: Uint8Array, identities: Identities): Uint8Array {
  return concatBytes(id, content, identities.sign(signedBytes(id, address, content)));
}

/**
 * Content of a sealed message of exactly `contentBytes` bytes.
 * Aborts naming the sender: `ceremony.malformed`, `ceremony.bad-signature`, `ceremony.other-parameters` (a valid message of another run).
 */
export function open(id: Uint8Array, address: Address, message: Uint8Array, contentBytes: number, identities: Identities): Uint8Array {
  const blame = [address.from];
  if (message.length !== sealedBytes(contentBytes)) throw new ProtocolAbort('ceremony.malformed', 'a ceremony message has a wrong length', blame);
  const theirs = message.slice(0, ID_BYTES);
  const content = message.slice(ID_BYTES, -SIGNATURE_BYTES);
  if (!identities.verify(address.from, signedBytes(theirs, address, content), message.slice(-SIGNATURE_BYTES))) {
    throw new ProtocolAbort('ceremony.bad-signature', 'a ceremony message is not signed by its sender', blame);
  }
  if (!equalBytes(theirs, id)) throw new ProtocolAbort('ceremony.other-parameters', 'a party runs a ceremony with other parameters or context', blame);
  return content;
}

export const sealedBytes = (contentBytes: number): number => ID_BYTES + contentBytes + SIGNATURE_BYTES;

function signedBytes(id: Uint8Array, { kind, from, to }: Address, content: Uint8Array): Uint8Array {
  return concatBytes(LABEL, id, Uint8Array.of(kind, from, to), content);
}

/** Bytes of a round-one package: `threshold` commitments, then the proof of possession R ‖ z. */
export function packageBytes({ suite, threshold }: GroupKeyParameters): number {
  const { elementBytes, scalarBytes } = groupOf(suite);
  return (threshold + 1) * elementBytes + scalarBytes;
}

export const encodePackage = (pkg: DKG_Round1): Uint8Array => concatBytes(...pkg.commitment, pkg.proofOfKnowledge);

/** `bytes` has the length {@link packageBytes}; elements are validated with the proof, not here. */
export function decodePackage(parameters: GroupKeyParameters, party: PartyId, bytes: Uint8Array): DKG_Round1 {
  const { elementBytes } = groupOf(parameters.suite);
  const commitment = Array.from({ length: parameters.threshold }, (_, at) => bytes.slice(at * elementBytes, (at + 1) * elementBytes));
  return { identifier: identifierOf(parameters, party), commitment, proofOfKnowledge: bytes.slice(parameters.threshold * elementBytes) } as DKG_Round1;
}
