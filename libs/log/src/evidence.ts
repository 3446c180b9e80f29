import { BoopError, equalBytes, isBoopError, toBase64Url } from '@boop/shared';
import { ENTRY_BYTES_MAX } from './bundle.ts';
import { verifyConsistencyProof } from './consistency.ts';
import { openCheckpoint } from './cosigning.ts';
import { leafHash } from './hash.ts';
import { verifyInclusionProof } from './inclusion.ts';
import { openNote } from './note.ts';
import { faultOfRecord, faultOfRecords } from './records-fault.ts';
import { parseMapRevision } from './revision.ts';
import { strictJson } from './strict-json.ts';
import { checkChange, checkMutations, parseMapTransition } from './transition.ts';
import { parseVerifierKey } from './verifier-key.ts';

/** An entry and its path to a checkpoint; binary fields base64url. */
export interface ProvenEntry {
  readonly entry: string;
  readonly leafIndex: number;
  readonly inclusion: readonly string[];
}

/** The same with the leaf's hash alone. */
export interface ProvenLeaf {
  readonly leafHash: string;
  readonly inclusion: readonly string[];
}

/** What shows to anybody who has the log's key that whoever held that key did wrong; JSON. Checkpoints are signed notes. */
export type Evidence =
  /** Two heads of one size with different roots. */
  | { readonly v: 1; readonly kind: 'two-heads'; readonly checkpoints: readonly [string, string] }
  /** Two heads that have different entries at one place: the log was forked, or rewritten. */
  | { readonly v: 1; readonly kind: 'two-histories'; readonly checkpoints: readonly [string, string]; readonly leafIndex: number; readonly leaves: readonly [ProvenLeaf, ProvenLeaf] }
  /** An older head, and a newer one whose tree had another root at that size: shown by a consistency proof from that root. */
  | { readonly v: 1; readonly kind: 'inconsistent-heads'; readonly checkpoints: readonly [string, string]; readonly root: string; readonly consistency: readonly string[] }
  /** An entry that breaks the rules of entries. */
  | { readonly v: 1; readonly kind: 'entry'; readonly checkpoint: string; readonly entry: ProvenEntry }
  /** Records of map revisions that can't both stand, or one that can't by itself. */
  | { readonly v: 1; readonly kind: 'map-records'; readonly checkpoint: string; readonly records: readonly ProvenEntry[] }
  /** The mutations that a record commits to were not allowed, or lead to another root. */
  | { readonly v: 1; readonly kind: 'map-transition'; readonly checkpoint: string; readonly record: ProvenEntry; readonly transition: string };

export interface EvidencePolicy {
  /** Key of the accused log. */
  readonly vkey: string;
  /** Cosigners who are named when they signed both heads. */
  readonly cosigners?: readonly string[];
  /** Rules of single entries beyond the map's: the code of the one broken, or undefined. */
  readonly entryFault?: (entry: Uint8Array) => string | undefined;
}

export interface Fault {
  readonly kind: Evidence['kind'];
  /** Which rule was broken, such as `mutation.wrong-key`. */
  readonly code: string;
  /** Cosigners who vouched for both of two heads. */
  readonly cosigners: readonly string[];
}

const malformed = (): BoopError => new BoopError('evidence.malformed', 'not evidence against a log');
const noFault = (): BoopError => new BoopError('evidence.no-fault', 'this shows nothing wrong', { kind: 'peer' });
const { members, list, text, count, bytes, exactly } = strictJson(malformed);
const NOTE_CHARS_MAX = 1_000_000;
/** A whole batch with its proof; JSON of that size is nobody's message. */
const TRANSITION_BYTES_MAX = 64_000_000;

/**
 * What the evidence shows, offline. Throws `evidence.malformed`, `evidence.no-fault` when the log did nothing wrong there, and what
 * `openCheckpoint`, `verifyInclusionProof`, `verifyConsistencyProof` and `parseMapTransition` throw when it isn't the log's.
 */
export function verifyEvidence(evidence: Evidence, policy: EvidencePolicy): Fault {
  const kind = (evidence as { kind?: unknown } | null)?.kind;
  const check = typeof kind === 'string' && Object.hasOwn(checks, kind) ? checks[kind as Evidence['kind']] : undefined;
  if (check === undefined) throw malformed();
  const { code, cosigners = [] } = check(evidence, policy);
  return { kind: kind as Evidence['kind'], code, cosigners };
}

type Check = (evidence: unknown, policy: EvidencePolicy) => { code: string; cosigners?: string[] };

const checks: Readonly<Record<Evidence['kind'], Check>> = {
  'two-heads'(evidence, policy) {
    const notes = notesOf(fields(evidence, ['checkpoints']).checkpoints);
    const [a, b] = notes.map((note) => headOf(note, policy));
    if (a!.size !== b!.size || equalBytes(a!.root, b!.root)) throw noFault();
    return { code: 'log.two-heads', cosigners: cosignersOfBoth(notes, policy) };
  },

  'two-histories'(evidence, policy) {
    const { checkpoints, leafIndex, leaves } = fields(evidence, ['checkpoints', 'leafIndex', 'leaves']);
    const notes = notesOf(checkpoints);
    const proven = list(leaves, 2).map((leaf) => members(leaf, ['leafHash', 'inclusion']));
    if (proven.length !== 2) throw malformed();
    const hashes = proven.map((leaf, at) => {
      const { size, root } = headOf(notes[at]!, policy);
      const hash = exactly(leaf.leafHash, 32);
      verifyInclusionProof({ leafHash: hash, index: count(leafIndex), size, root, proof: path(leaf.inclusion) });
      return hash;
    });
    if (equalBytes(hashes[0]!, hashes[1]!)) throw noFault();
    return { code: 'log.two-histories', cosigners: cosignersOfBoth(notes, policy) };
  },

  'inconsistent-heads'(evidence, policy) {
    const { checkpoints, root, consistency } = fields(evidence, ['checkpoints', 'root', 'consistency']);
    const notes = notesOf(checkpoints);
    const [older, newer] = [headOf(notes[0], policy), headOf(notes[1], policy)];
    const had = exactly(root, 32);
    verifyConsistencyProof({ size: older.size, root: had }, newer, path(consistency));
    if (equalBytes(had, older.root)) throw noFault();
    return { code: 'log.inconsistent-heads', cosigners: cosignersOfBoth(notes, policy) };
  },

  entry(evidence, policy) {
    const { checkpoint, entry } = fields(evidence, ['checkpoint', 'entry']);
    const code = policy.entryFault?.(provenEntry(entry, checkpoint, policy).entry);
    if (code === undefined) throw noFault();
    return { code };
  },

  'map-records'(evidence, policy) {
    const { checkpoint, records } = fields(evidence, ['checkpoint', 'records']);
    const [first, second] = list(records, 2).map((record) => provenEntry(record, checkpoint, policy));
    if (first === undefined) throw malformed();
    const code = second === undefined ? faultOfRecord(first) : faultOfRecords(first, second);
    if (code === undefined) throw noFault();
    return { code };
  },

  'map-transition'(evidence, policy) {
    const { checkpoint, record, transition } = fields(evidence, ['checkpoint', 'record', 'transition']);
    const revision = parseMapRevision(provenEntry(record, checkpoint, policy).entry);
    const parsed = parseMapTransition(bytes(transition, TRANSITION_BYTES_MAX));
    // Without these, the accuser could have made it up.
    checkMutations(revision, parsed);
    try {
      checkChange(parseVerifierKey(policy.vkey).name, revision, parsed);
    } catch (error) {
      if (isBoopError(error) && isTheLogsFault(error.code)) return { code: error.code };
      throw error;
    }
    throw noFault();
  },
};

/** Faults of what the record commits to. Others are of the proof around it, which the accuser supplies. */
const isTheLogsFault = (code: string): boolean => code.startsWith('mutation.') || code === 'map.mutations-unordered' || code === 'map.wrong-root';

function fields(evidence: unknown, names: readonly string[]): Record<string, unknown> {
  const all = members(evidence, ['v', 'kind', ...names]);
  if (all.v !== 1) throw malformed();
  return all;
}

function notesOf(value: unknown): [string, string] {
  const [a, b] = list(value, 2).map((note) => text(note, NOTE_CHARS_MAX));
  if (a === undefined || b === undefined) throw malformed();
  return [a, b];
}

/** The log's own signature counts; a cosigner's that isn't valid changes nothing about it. */
const headOf = (note: string, { vkey }: EvidencePolicy) => openCheckpoint(note, { vkey }).checkpoint;

const path = (value: unknown): Uint8Array[] => list(value, 64).map((hash) => exactly(hash, 32));

function provenEntry(value: unknown, checkpoint: unknown, policy: EvidencePolicy): { entry: Uint8Array; leafIndex: number } {
  const { entry, leafIndex, inclusion } = members(value, ['entry', 'leafIndex', 'inclusion']);
  const { size, root } = headOf(text(checkpoint, NOTE_CHARS_MAX), policy);
  const proven = { entry: bytes(entry, ENTRY_BYTES_MAX), leafIndex: count(leafIndex) };
  verifyInclusionProof({ leafHash: leafHash(proven.entry), index: proven.leafIndex, size, root, proof: path(inclusion) });
  return proven;
}

function cosignersOfBoth(notes: readonly [string, string], { cosigners = [] }: EvidencePolicy): string[] {
  const keys = cosigners.map(parseVerifierKey);
  const namesIn = (note: string): Set<string> => new Set(keys.filter((key) => signed(note, key)).map(({ name }) => name));
  const [a, b] = [namesIn(notes[0]), namesIn(notes[1])];
  return [...a].filter((name) => b.has(name));
}

function signed(note: string, key: ReturnType<typeof parseVerifierKey>): boolean {
  try {
    return openNote(note, [key]).verified.length > 0;
  } catch {
    return false;
  }
}

/** Text that whoever makes evidence puts into {@link ProvenEntry}. */
export const provenEntryOf = (entry: Uint8Array, leafIndex: number, inclusion: readonly Uint8Array[]): ProvenEntry => ({ entry: toBase64Url(entry), leafIndex, inclusion: inclusion.map(toBase64Url) });
