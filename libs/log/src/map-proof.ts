import { BoopError, equalBytes, toBase64Url } from '@boop/shared';
import { ENTRY_BYTES_MAX } from './bundle.ts';
import { type Checkpoint } from './checkpoint.ts';
import { type CommitmentOpening, VALUE_BYTES_MAX, verifyCommitment } from './commitment.ts';
import { type CheckpointPolicy, openCheckpoint } from './cosigning.ts';
import { leafHash } from './hash.ts';
import { verifyInclusionProof } from './inclusion.ts';
import { type MapLookup, verifyMapLookup } from './map-lookup.ts';
import { type Mutation, mutationHash, parseMutation, verifyOwnerHistory } from './mutation.ts';
import { type MapRevision, parseMapRevision } from './revision.ts';
import { strictJson } from './strict-json.ts';
import { VRF_OUTPUT_BYTES, VRF_PROOF_BYTES, vrfVerify } from './vrf.ts';

/** What the map holds for one account, or that it holds nothing; JSON, binary fields base64url without padding. */
export interface MapProof {
  readonly v: 1;
  /** Signed note. */
  readonly checkpoint: string;
  /** The revision's record and its place in the log. */
  readonly revision: { readonly entry: string; readonly leafIndex: number; readonly inclusion: readonly string[] };
  readonly vrfProof: string;
  readonly lookup: { readonly siblings: readonly string[]; readonly leaf?: { readonly index: string; readonly value: string } };
  /** The account's newest mutation; missing when the account is absent. */
  readonly mutation?: string;
  /** Missing after erasure: the rest of the proof stands without it. */
  readonly opening?: { readonly opening: string; readonly value: string };
  /** All mutations of the account, version 0 first. */
  readonly history?: readonly string[];
}

export interface MapProofParts {
  readonly checkpoint: string;
  readonly revision: { readonly entry: Uint8Array; readonly leafIndex: number; readonly inclusion: readonly Uint8Array[] };
  readonly vrfProof: Uint8Array;
  readonly lookup: MapLookup;
  readonly mutation?: Uint8Array;
  readonly opening?: Pick<CommitmentOpening, 'opening' | 'value'>;
  readonly history?: readonly Uint8Array[];
}

export function createMapProof({ checkpoint, revision, vrfProof, lookup, mutation, opening, history }: MapProofParts): MapProof {
  const { leaf } = lookup;
  return {
    v: 1,
    checkpoint,
    revision: { entry: toBase64Url(revision.entry), leafIndex: revision.leafIndex, inclusion: revision.inclusion.map(toBase64Url) },
    vrfProof: toBase64Url(vrfProof),
    lookup: { siblings: lookup.siblings.map(toBase64Url), ...(leaf ? { leaf: { index: toBase64Url(leaf.index), value: toBase64Url(leaf.value) } } : {}) },
    ...(mutation ? { mutation: toBase64Url(mutation) } : {}),
    ...(opening ? { opening: { opening: toBase64Url(opening.opening), value: toBase64Url(opening.value) } } : {}),
    ...(history ? { history: history.map(toBase64Url) } : {}),
  };
}

/** What the verifier knows from elsewhere: the log, who must have cosigned, the map's VRF key and whose account it asks about. */
export interface MapProofPolicy extends CheckpointPolicy {
  /** 32 bytes. */
  readonly vrfKey: Uint8Array;
  /** Identifier of the account, 1…255 bytes. */
  readonly label: Uint8Array;
  /** The newest revision that this client has seen; older ones are refused. */
  readonly revisionMin?: number;
  /** Records made before are refused; seconds since the Unix epoch. For maps that get a revision every so often, changes or not. */
  readonly oldestRevisionTimeS?: number;
}

export interface VerifiedMapProof {
  readonly checkpoint: Checkpoint;
  readonly revision: MapRevision;
  /** Place of the account in the map. */
  readonly index: Uint8Array;
  /** Newest version; undefined: the account is not in this revision. */
  readonly mutation?: Mutation;
  /** What the mutation commits to; undefined when it was erased or not shown. */
  readonly value?: Uint8Array;
  /** Complete and verified, when the proof has it. */
  readonly history?: readonly Mutation[];
}

/** Index in the map of the account with that VRF output: its first 256 bits. */
export function mapIndexOf(vrfOutput: Uint8Array): Uint8Array {
  if (vrfOutput.length !== VRF_OUTPUT_BYTES) throw new BoopError('vrf.invalid-proof', 'not an output of the verifiable random function');
  return vrfOutput.slice(0, 32);
}

/**
 * Verifies without storage, network or clock. It shows what this revision holds; that no newer revision exists, and that each step
 * between revisions was allowed, is what nodes check before they sign and monitors after.
 * Throws `map.malformed-proof` (strict: unknown, missing or ill-typed members), `map.wrong-vrf-key`, `map.rolled-back`,
 * `map.stale-revision`, `map.wrong-mutation`, `map.wrong-history`,
 * and what `openCheckpoint`, `verifyInclusionProof`, `parseMapRevision`, `vrfVerify`, `verifyMapLookup`, `parseMutation`,
 * `verifyCommitment` and `verifyOwnerHistory` throw.
 */
export function verifyMapProof(proof: MapProof, { vrfKey, label, revisionMin = 0, oldestRevisionTimeS = 0, ...policy }: MapProofPolicy): VerifiedMapProof {
  const parts = parseMapProof(proof);
  const { checkpoint } = openCheckpoint(parts.checkpoint, policy);
  const { entry, leafIndex, inclusion } = parts.revision;
  verifyInclusionProof({ leafHash: leafHash(entry), index: leafIndex, size: checkpoint.size, root: checkpoint.root, proof: inclusion });
  const revision = parseMapRevision(entry);
  if (!equalBytes(revision.vrfKey, vrfKey)) throw new BoopError('map.wrong-vrf-key', 'the map gives indices by another key', { kind: 'peer' });
  if (revision.revision < revisionMin) throw new BoopError('map.rolled-back', 'the revision is older than one seen before', { kind: 'peer' });
  if (revision.time < oldestRevisionTimeS) throw new BoopError('map.stale-revision', 'the revision is too old', { kind: 'unavailable' });
  const index = mapIndexOf(vrfVerify(vrfKey, label, parts.vrfProof));
  const held = verifyMapLookup(revision.root, index, parts.lookup);
  if (held === undefined) {
    if (parts.mutation || parts.opening || parts.history) throw malformed();
    return { checkpoint, revision, index };
  }
  if (parts.mutation === undefined || !equalBytes(mutationHash(parts.mutation), held)) throw new BoopError('map.wrong-mutation', 'the mutation is not the one in the map', { kind: 'peer' });
  const mutation = parseMutation(parts.mutation);
  if (parts.opening) verifyCommitment(mutation.commitment, { ...parts.opening, label, version: mutation.version });
  const history = parts.history && verifyOwnerHistory(checkpoint.origin, parts.history);
  const last = parts.history?.at(-1);
  if (last !== undefined && !equalBytes(last, parts.mutation)) throw new BoopError('map.wrong-history', 'the history does not end in the mutation in the map', { kind: 'peer' });
  return { checkpoint, revision, index, mutation, ...(parts.opening ? { value: parts.opening.value } : {}), ...(history ? { history } : {}) };
}

const malformed = (): BoopError => new BoopError('map.malformed-proof', 'not a proof of a map');
const { members, list, text, count, bytes, exactly } = strictJson(malformed);
const HISTORY_MAX = 10_000;
const NOTE_CHARS_MAX = 1_000_000;

/** Strict: throws `map.malformed-proof`. */
function parseMapProof(proof: MapProof): MapProofParts {
  const { v, checkpoint, revision, vrfProof, lookup, mutation, opening, history } = members(proof, ['v', 'checkpoint', 'revision', 'vrfProof', 'lookup'], ['mutation', 'opening', 'history']);
  if (v !== 1) throw malformed();
  const { entry, leafIndex, inclusion } = members(revision, ['entry', 'leafIndex', 'inclusion']);
  const { siblings, leaf } = members(lookup, ['siblings'], ['leaf']);
  const opened = opening === undefined ? undefined : members(opening, ['opening', 'value']);
  const found = leaf === undefined ? undefined : members(leaf, ['index', 'value']);
  return {
    checkpoint: text(checkpoint, NOTE_CHARS_MAX),
    revision: { entry: bytes(entry, ENTRY_BYTES_MAX), leafIndex: count(leafIndex), inclusion: list(inclusion, 64).map((one) => exactly(one, 32)) },
    vrfProof: exactly(vrfProof, VRF_PROOF_BYTES),
    lookup: { siblings: list(siblings, 256).map((one) => exactly(one, 32)), ...(found ? { leaf: { index: exactly(found.index, 32), value: exactly(found.value, 32) } } : {}) },
    ...(mutation === undefined ? {} : { mutation: bytes(mutation, ENTRY_BYTES_MAX) }),
    ...(opened ? { opening: { opening: exactly(opened.opening, 32), value: bytes(opened.value, VALUE_BYTES_MAX) } } : {}),
    ...(history === undefined ? {} : { history: list(history, HISTORY_MAX).map((one) => bytes(one, ENTRY_BYTES_MAX)) }),
  };
}
