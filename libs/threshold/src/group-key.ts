import { type FrostPublic, type Identifier } from '@noble/curves/abstract/frost.js';
import { BoopError, concatBytes, type Epoch, epoch as toEpoch, fromUtf8, partyId, type PartyId, utf8 } from '@boop/shared';
import { ByteReader, uint64 } from './codec.ts';
import { type CipherSuite, groupOf, isCipherSuite, suiteByCode } from './suites.ts';

/** Public side of a key that is shared among nodes by {@link keyCeremony}; the same at every party. */
export interface GroupKey {
  /** What the key is for: `token`, `log`, `prf`, … (`[a-z][a-z0-9-]*`, at most 32 characters). */
  readonly name: string;
  readonly suite: CipherSuite;
  readonly epoch: Epoch;
  /** Parties needed to use the key, 2…N; the secret polynomial has degree threshold − 1. */
  readonly threshold: number;
  /** Ascending share indices. */
  readonly parties: readonly PartyId[];
  /** 32 bytes (Ed25519, RFC 8032) or 33 bytes (P-256, compressed). */
  readonly publicKey: Uint8Array;
  /** Commitments to the coefficients of the secret polynomial, constant first; `commitments[0]` is the public key. */
  readonly commitments: readonly Uint8Array[];
  readonly verifyingShares: ReadonlyMap<PartyId, Uint8Array>;
}

export type GroupKeyParameters = Pick<GroupKey, 'name' | 'suite' | 'epoch' | 'threshold' | 'parties'>;

const VERSION = 1;

/** Throws `threshold.invalid-parameters` naming the rule that does not hold. */
export function checkParameters({ name, suite, epoch, threshold, parties }: GroupKeyParameters): void {
  const refuse = (rule: string): never => {
    throw new BoopError('threshold.invalid-parameters', rule);
  };
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(name)) refuse('name must be 1 to 32 characters of a-z, 0-9 and hyphen, a letter first');
  if (!isCipherSuite(suite)) refuse('unknown ciphersuite');
  if (!Number.isSafeInteger(epoch) || epoch < 1) refuse('epoch must be a positive integer');
  if (parties.some((party) => !Number.isInteger(party) || party < 1 || party > 255)) refuse('a party id is out of range');
  if (parties.some((party, at) => at > 0 && party <= parties[at - 1]!)) refuse('party ids must ascend without repetition');
  if (!Number.isInteger(threshold) || threshold < 2 || threshold > parties.length) refuse('threshold must be between 2 and the number of parties');
}

/** Derives public key and verifying shares from the commitments; throws `threshold.malformed-group-key` on an invalid element. */
export function createGroupKey(parameters: GroupKeyParameters, commitments: readonly Uint8Array[]): GroupKey {
  checkParameters(parameters);
  const { name, suite, epoch, threshold, parties } = parameters;
  if (commitments.length !== threshold) throw new BoopError('threshold.malformed-group-key', 'a key has as many commitments as its threshold');
  try {
    const verifyingShares = new Map(parties.map((party) => [party, groupOf(suite).evaluateCommitment(commitments, party)]));
    return Object.freeze({
      name,
      suite,
      epoch,
      threshold,
      parties: Object.freeze([...parties]),
      publicKey: commitments[0]!.slice(),
      commitments: Object.freeze(commitments.map((bytes) => bytes.slice())),
      verifyingShares,
    });
  } catch {
    throw new BoopError('threshold.malformed-group-key', 'a commitment is not a valid element');
  }
}

/** Version, suite, name, epoch, threshold, parties, commitments; canonical, so equal keys have equal bytes. */
export function serializeGroupKey(group: GroupKey): Uint8Array {
  const name = utf8(group.name);
  return concatBytes(
    Uint8Array.of(VERSION, groupOf(group.suite).code, name.length),
    name,
    uint64(group.epoch),
    Uint8Array.of(group.threshold, group.parties.length, ...group.parties),
    ...group.commitments,
  );
}

/** Inverse of {@link serializeGroupKey}; throws `threshold.malformed-group-key`. */
export function parseGroupKey(bytes: Uint8Array): GroupKey {
  const reader = new ByteReader(bytes, 'threshold.malformed-group-key');
  const group = readGroupKey(reader);
  reader.end();
  return group;
}

export function readGroupKey(reader: ByteReader): GroupKey {
  if (reader.uint8() !== VERSION) reader.fail();
  const suite = suiteByCode(reader.uint8()) ?? reader.fail();
  const name = reader.take(reader.uint8());
  const epoch = reader.uint64();
  const threshold = reader.uint8();
  const parties = [...reader.take(reader.uint8())];
  const commitments = Array.from({ length: threshold }, () => reader.take(groupOf(suite).elementBytes));
  try {
    return createGroupKey({ name: fromUtf8(name), suite, epoch: toEpoch(epoch), threshold, parties: parties.map(partyId) }, commitments);
  } catch {
    return reader.fail();
  }
}

export const identifierOf = (group: Pick<GroupKey, 'suite'>, party: PartyId): Identifier => groupOf(group.suite).frost.Identifier.fromNumber(party);

export function frostPublic(group: GroupKey): FrostPublic {
  return {
    signers: { min: group.threshold, max: group.parties.length },
    commitments: [...group.commitments],
    verifyingShares: Object.fromEntries([...group.verifyingShares].map(([party, bytes]) => [identifierOf(group, party), bytes])),
  } as FrostPublic;
}
