import { BoopError, fromBase64Url, toBase64Url } from '@boop/shared';
import { ENTRY_BYTES_MAX } from './bundle.ts';
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts';
import { leafHash } from './hash.ts';
import { verifyInclusionProof } from './inclusion.ts';
import { openNote } from './note.ts';
import { type TileReader } from './tile-reader.ts';
import { inclusionProof } from './tree.ts';
import { parseVerifierKey } from './verifier-key.ts';

export interface SignedInclusion {
  readonly entry: Uint8Array;
  readonly index: number;
  readonly proof: readonly Uint8Array[];
  /** Signed note. */
  readonly checkpoint: string;
  /** `name+hash+base64`; its name is the log's origin. */
  readonly vkey: string;
}

/**
 * Verifies that the log with the key `vkey` holds `entry` at `index`, without storage, network or clock.
 * Throws what {@link verifyCheckpoint} and {@link verifyInclusionProof} throw.
 */
export function verifyInclusion({ entry, index, proof, checkpoint, vkey }: SignedInclusion): Checkpoint {
  const signed = verifyCheckpoint(checkpoint, vkey);
  verifyInclusionProof({ leafHash: leafHash(entry), index, size: signed.size, root: signed.root, proof });
  return signed;
}

/**
 * A checkpoint signed by that key, whose name must be the origin.
 * Throws `log.malformed-vkey`, `log.malformed-note`, `log.bad-signature`, `log.unverified-note`, `log.malformed-checkpoint`, `log.wrong-origin`.
 */
export function verifyCheckpoint(note: string, vkey: string): Checkpoint {
  const key = parseVerifierKey(vkey);
  const checkpoint = parseCheckpoint(openNote(note, [key]).text);
  if (checkpoint.origin !== key.name) throw new BoopError('log.wrong-origin', 'the checkpoint is of another log');
  return checkpoint;
}

/** Portable proof that an entry is in the log; binary fields are base64url without padding. */
export interface LogProof {
  readonly entry: string;
  readonly leafIndex: number;
  readonly treeSize: number;
  readonly inclusion: readonly string[];
  /** Signed note of the log at `treeSize`. */
  readonly checkpoint: string;
}

/** Strict: throws `log.malformed-log-proof` for unknown, missing or ill-typed members, else what {@link verifyInclusion} throws. */
export function verifyLogProof(proof: LogProof, vkey: string): { index: number; size: number } {
  const { entry, leafIndex, treeSize, inclusion, checkpoint } = checkLogProof(proof);
  const { size } = verifyInclusion({ entry: decode(entry), index: leafIndex, proof: inclusion.map(decode), checkpoint, vkey });
  if (size !== treeSize) throw malformed();
  return { index: leafIndex, size };
}

/** Proof for the entry at `index` under a signed checkpoint, from stored tiles. The checkpoint's signature is not verified here. */
export async function createLogProof(reader: TileReader, entry: Uint8Array, index: number, note: string): Promise<LogProof> {
  const { size } = parseCheckpoint(note.slice(0, note.lastIndexOf('\n\n') + 1));
  const inclusion = await inclusionProof(reader, index, size);
  return { entry: toBase64Url(entry), leafIndex: index, treeSize: size, inclusion: inclusion.map(toBase64Url), checkpoint: note };
}

const malformed = (): BoopError => new BoopError('log.malformed-log-proof', 'not a log proof');
const ENTRY_CHARS_MAX = Math.ceil((ENTRY_BYTES_MAX * 4) / 3);
const MEMBERS = ['checkpoint', 'entry', 'inclusion', 'leafIndex', 'treeSize'];

function checkLogProof(proof: LogProof): LogProof {
  if (typeof proof !== 'object' || proof === null || Object.keys(proof).sort().join() !== MEMBERS.join()) throw malformed();
  const { entry, leafIndex, treeSize, inclusion, checkpoint } = proof;
  const typesOk = typeof entry === 'string' && Number.isSafeInteger(leafIndex) && Number.isSafeInteger(treeSize) && typeof checkpoint === 'string';
  if (!typesOk || !Array.isArray(inclusion) || inclusion.length > 64 || entry.length > ENTRY_CHARS_MAX) throw malformed();
  if (inclusion.some((hash) => typeof hash !== 'string' || hash.length !== 43)) throw malformed();
  return proof;
}

function decode(text: string): Uint8Array {
  try {
    return fromBase64Url(text);
  } catch {
    throw malformed();
  }
}
