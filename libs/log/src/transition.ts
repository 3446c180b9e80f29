import { BoopError, concatBytes, equalBytes, uint32 } from '@boop/shared';
import { ByteReader, compareBytes } from './bytes.ts';
import { emptyRoot, leafHash, nodeHash } from './hash.ts';
import { type MapNode, type MapNodeReader } from './map-node.ts';
import { updateMap, verifyMapUpdate } from './map-update.ts';
import { type Mutation, mutationHash, parseMutation, verifyMutation } from './mutation.ts';
import { type MapRevision, REVISION_MUTATIONS_MAX } from './revision.ts';

/** All that shows why the map went from one revision to the next, to whoever knows only the old root. */
export interface MapTransition {
  /** Ascending by index, at most one for each. */
  readonly mutations: readonly Uint8Array[];
  /** For each, the mutation in force before; undefined for a new account. */
  readonly previous: readonly (Uint8Array | undefined)[];
  /** Of the map update, see `verifyMapUpdate`. */
  readonly proof: Uint8Array;
}

/** Where the map stood before a revision; revision 0 is the empty map, whose record is nowhere. */
export interface MapState {
  readonly revision: number;
  readonly root: Uint8Array;
  /** Log index of the record. */
  readonly entry: number | null;
}

const refusal = (code: string, message: string): BoopError => new BoopError(code, message, { kind: 'peer' });
const malformed = (): BoopError => new BoopError('map.malformed-transition', 'not a transition of a map');

/** Count (u32), then for each mutation its length (u16), its bytes, the same for the one before (length 0: none), then the proof. Throws `map.malformed-transition`. */
export function formatMapTransition({ mutations, previous, proof }: MapTransition): Uint8Array {
  if (mutations.length !== previous.length || mutations.length > REVISION_MUTATIONS_MAX) throw malformed();
  const parts = mutations.flatMap((bytes, at) => [...prefixed(bytes), ...prefixed(previous[at] ?? new Uint8Array(0))]);
  return concatBytes(uint32(mutations.length), ...parts, proof);
}

/** Strict inverse of {@link formatMapTransition}; throws `map.malformed-transition`. Mutations and proof are not parsed. */
export function parseMapTransition(bytes: Uint8Array): MapTransition {
  const reader = new ByteReader(bytes, malformed);
  const count = reader.uint(4);
  if (count > REVISION_MUTATIONS_MAX) throw malformed();
  const mutations: Uint8Array[] = [];
  const previous: (Uint8Array | undefined)[] = [];
  for (let at = 0; at < count; at++) {
    mutations.push(reader.take(reader.uint(2)));
    const length = reader.uint(2);
    previous.push(length === 0 ? undefined : reader.take(length));
  }
  return { mutations, previous, proof: reader.rest() };
}

function prefixed(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length > 0xffff) throw malformed();
  return [Uint8Array.of(bytes.length >> 8, bytes.length & 255), bytes];
}

/** RFC 6962 root over the bytes of mutations, as a revision's record holds it. */
export function mutationsRoot(mutations: readonly Uint8Array[]): Uint8Array {
  const mth = (leaves: readonly Uint8Array[]): Uint8Array => {
    if (leaves.length === 1) return leaves[0]!;
    let split = 1;
    while (split * 2 < leaves.length) split *= 2;
    return nodeHash(mth(leaves.slice(0, split)), mth(leaves.slice(split)));
  };
  return mutations.length === 0 ? emptyRoot() : mth(mutations.map(leafHash));
}

/** Orders a batch and applies it to the map; the mutations themselves were verified when they were admitted. Throws what `updateMap` throws. */
export async function prepareTransition(
  reader: MapNodeReader,
  root: Uint8Array,
  { mutations, previous }: Omit<MapTransition, 'proof'>,
): Promise<{ transition: MapTransition; root: Uint8Array; writes: readonly MapNode[] }> {
  const batch = mutations.map((bytes, at) => ({ bytes, index: parseMutation(bytes).index, previous: previous[at] }));
  batch.sort((a, b) => compareBytes(a.index, b.index));
  const growth = await updateMap(reader, root, batch.map(({ bytes, index }) => ({ index, value: mutationHash(bytes) })));
  const transition = { mutations: batch.map(({ bytes }) => bytes), previous: batch.map((one) => one.previous), proof: growth.proof };
  return { transition, root: growth.root, writes: growth.writes };
}

/**
 * The record of a revision follows from the state before and its mutations, and every mutation was allowed: what a node checks
 * before it signs a checkpoint with that record, and a monitor after. Returns the mutations, verified. No storage.
 * Throws `map.revision-gap`, `map.wrong-previous-root`, `map.wrong-previous-entry`, `map.mutations-mismatch` (not those that the record names),
 * `map.mutations-unordered`, `mutation.*`, `map.wrong-previous-mutation` (the map held another version before, or none, or one), `map.wrong-root`,
 * `map.malformed-transition`, `map.transition-invalid`.
 */
export function verifyMapTransition(input: { readonly origin: string; readonly before: MapState; readonly revision: MapRevision; readonly transition: MapTransition }): Mutation[] {
  const { origin, before, revision, transition } = input;
  if (revision.revision !== before.revision + 1) throw refusal('map.revision-gap', 'the revision does not follow the last one');
  if (!equalBytes(revision.previousRoot, before.root)) throw refusal('map.wrong-previous-root', 'the revision does not start from the last map');
  if (revision.previousEntry !== before.entry) throw refusal('map.wrong-previous-entry', 'the revision does not point at the last record');
  checkMutations(revision, transition);
  return checkChange(origin, revision, transition);
}

/** The transition has the mutations that the record commits to, in order. Throws `map.mutations-mismatch`. */
export function checkMutations({ mutations: committed }: MapRevision, { mutations, previous }: MapTransition): void {
  const matches = mutations.length === committed.count && previous.length === mutations.length && equalBytes(mutationsRoot(mutations), committed.root);
  if (!matches) throw refusal('map.mutations-mismatch', 'the mutations are not those of the record');
}

/** The record's root follows from its previous root and its mutations, each of which was allowed. */
export function checkChange(origin: string, revision: MapRevision, { mutations, previous, proof }: MapTransition): Mutation[] {
  const parsed = mutations.map(parseMutation);
  const ascending = parsed.every(({ index }, at) => at === 0 || compareBytes(parsed[at - 1]!.index, index) < 0);
  if (!ascending) throw refusal('map.mutations-unordered', 'the mutations are not in ascending order of index');
  const updates = parsed.map(({ index }, at) => ({ index, value: mutationHash(mutations[at]!) }));
  const change = verifyMapUpdate(revision.previousRoot, updates, proof);
  change.before.forEach((value, at) => {
    const named = previous[at];
    const held = value === undefined ? named === undefined : named !== undefined && equalBytes(value, mutationHash(named));
    if (!held) throw refusal('map.wrong-previous-mutation', 'the map did not hold that version before');
  });
  const verified = mutations.map((bytes, at) => verifyMutation(origin, bytes, previous[at]));
  if (!equalBytes(change.root, revision.root)) throw refusal('map.wrong-root', 'the root does not follow from the mutations');
  return verified;
}
