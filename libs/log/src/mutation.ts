import { sha256 } from '@noble/hashes/sha2.js';
import { BoopError, concatBytes, equalBytes, lengthPrefixed, utf8 } from '@boop/shared';
import { ByteReader, compareBytes, uint64 } from './bytes.ts';
import { verifyEd25519 } from './ed25519.ts';
import { HASH_BYTES } from './hash.ts';

export const AUTHORIZED_KEYS_MAX = 16;

/** One version of an account; the versions of an account form a hash chain from 0 on. */
export interface Mutation {
  /** Place in the map, 32 bytes. */
  readonly index: Uint8Array;
  readonly version: number;
  /** {@link mutationHash} of the version before; 32 zero bytes at version 0. */
  readonly previous: Uint8Array;
  readonly commitment: Uint8Array;
  /** Ed25519 keys that may sign the next version, strictly ascending, at most 16; none closes the account for good. */
  readonly authorizedKeys: readonly Uint8Array[];
  /** Which key signed this version. */
  readonly signer: Uint8Array;
  readonly signature: Uint8Array;
}

const FORMAT = 1;
const malformed = (): BoopError => new BoopError('mutation.malformed', 'not a mutation');
const refusal = (code: string, message: string): BoopError => new BoopError(code, message, { kind: 'peer' });

/** `previous` of version 0. */
export const noPrevious = (): Uint8Array => new Uint8Array(HASH_BYTES);

/** Domain of a mutation's signature. */
export const MUTATION_DOMAIN = 'boop-mutation/1';

/** What `signer` signs. `origin` is the log's, so that no mutation counts in another network. Throws `mutation.malformed`. */
export function mutationMessage(origin: string, mutation: Omit<Mutation, 'signature'>): Uint8Array {
  return lengthPrefixed(utf8(MUTATION_DOMAIN), ...mutationParts(origin, mutation));
}

/** The parts of {@link mutationMessage} behind its domain, for signers that put the domain before by themselves. Throws `mutation.malformed`. */
export const mutationParts = (origin: string, mutation: Omit<Mutation, 'signature'>): readonly [Uint8Array, Uint8Array] => [utf8(origin), formatBody(mutation)];

/**
 * Format (u8 = 1) ‖ index ‖ version (u64) ‖ previous ‖ commitment ‖ number of keys (u8) ‖ keys ‖ signer ‖ signature;
 * 202 to 714 bytes. Throws `mutation.malformed`.
 */
export function formatMutation(mutation: Mutation): Uint8Array {
  if (mutation.signature.length !== 64) throw malformed();
  return concatBytes(formatBody(mutation), mutation.signature);
}

/** Strict inverse of {@link formatMutation}; throws `mutation.malformed`. Says nothing about the signature. */
export function parseMutation(bytes: Uint8Array): Mutation {
  const reader = new ByteReader(bytes, malformed);
  if (reader.uint(1) !== FORMAT) throw malformed();
  const [index, version, previous, commitment] = [reader.take(32), reader.uint(8), reader.take(32), reader.take(32)];
  const count = reader.uint(1);
  if (count > AUTHORIZED_KEYS_MAX) throw malformed();
  const authorizedKeys = Array.from({ length: count }, () => reader.take(32));
  const mutation: Mutation = { index, version, previous, commitment, authorizedKeys, signer: reader.take(32), signature: reader.take(64) };
  reader.end();
  checkBody(mutation);
  return mutation;
}

/** Names a mutation in the next one's `previous`, and is the account's value in the map. */
export const mutationHash = (bytes: Uint8Array): Uint8Array => sha256(lengthPrefixed(utf8('boop-mutation-hash/1'), bytes));

function formatBody(mutation: Omit<Mutation, 'signature'>): Uint8Array {
  checkBody(mutation);
  const { index, version, previous, commitment, authorizedKeys, signer } = mutation;
  return concatBytes(Uint8Array.of(FORMAT), index, uint64(version), previous, commitment, Uint8Array.of(authorizedKeys.length), ...authorizedKeys, signer);
}

function checkBody({ index, version, previous, commitment, authorizedKeys, signer }: Omit<Mutation, 'signature'>): void {
  const sizesOk = [index, previous, commitment, signer, ...authorizedKeys].every(({ length }) => length === 32);
  const versionOk = Number.isSafeInteger(version) && version >= 0;
  const ascending = authorizedKeys.every((key, at) => at === 0 || compareBytes(authorizedKeys[at - 1]!, key) < 0);
  if (!sizesOk || !versionOk || !ascending || authorizedKeys.length > AUTHORIZED_KEYS_MAX) throw malformed();
  // Version 0 has nothing to point at; anything else there would be a second spelling of the same statement.
  if (version === 0 && !equalBytes(previous, noPrevious())) throw malformed();
}

/**
 * The mutation `bytes` may follow the version in `previousBytes` (undefined: the account is new). The keys that count are those
 * of the version before; at version 0 the account's own.
 * Throws `mutation.malformed`, `mutation.wrong-version`, `mutation.wrong-previous`, `mutation.wrong-key`, `mutation.bad-signature`.
 */
export function verifyMutation(origin: string, bytes: Uint8Array, previousBytes: Uint8Array | undefined): Mutation {
  const mutation = parseMutation(bytes);
  const before = previousBytes === undefined ? undefined : parseMutation(previousBytes);
  if (mutation.version !== (before === undefined ? 0 : before.version + 1)) throw refusal('mutation.wrong-version', 'the mutation does not have the next version');
  if (before !== undefined) {
    const pointsBack = equalBytes(mutation.index, before.index) && equalBytes(mutation.previous, mutationHash(previousBytes!));
    if (!pointsBack) throw refusal('mutation.wrong-previous', 'the mutation does not point at the version before');
  }
  const allowed = (before ?? mutation).authorizedKeys;
  if (!allowed.some((key) => equalBytes(key, mutation.signer))) throw refusal('mutation.wrong-key', 'the key is not among those that the version before allows');
  if (!verifyEd25519(mutation.signer, mutationMessage(origin, mutation), mutation.signature)) throw refusal('mutation.bad-signature', 'the signature of the mutation is not valid');
  return mutation;
}

/** All versions of one account, 0 first; throws what {@link verifyMutation} throws, `mutation.malformed` when there is none. */
export function verifyOwnerHistory(origin: string, mutations: readonly Uint8Array[]): Mutation[] {
  if (mutations.length === 0) throw malformed();
  return mutations.map((bytes, at) => verifyMutation(origin, bytes, mutations[at - 1]));
}
