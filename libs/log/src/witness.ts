import { BoopError, equalBytes } from '@boop/shared';
import { fromBase64, toBase64 } from './base64.ts';
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts';
import { verifyConsistencyProof } from './consistency.ts';
import { emptyRoot, HASH_BYTES, type TreeHead } from './hash.ts';
import { openNote } from './note.ts';
import { type VerifierKey } from './verifier-key.ts';

/** Body of a witness's add-checkpoint request (C2SP tlog-witness). */
export interface AddCheckpoint {
  /** Size of the checkpoint that the witness cosigned last. */
  readonly oldSize: number;
  /** RFC 6962 consistency proof from there, at most 63 hashes. */
  readonly proof: readonly Uint8Array[];
  /** Signed note. */
  readonly checkpoint: string;
}

const PROOF_LINES_MAX = 63;
const malformed = (): BoopError => new BoopError('witness.malformed-request', 'not a request to add a checkpoint');

/** Throws `witness.malformed-request` where {@link parseAddCheckpoint} would refuse the result. */
export function formatAddCheckpoint({ oldSize, proof, checkpoint }: AddCheckpoint): string {
  const body = [`old ${oldSize}`, ...proof.map(toBase64), '', checkpoint].join('\n');
  parseAddCheckpoint(body);
  return body;
}

/** Strict inverse of {@link formatAddCheckpoint}; throws `witness.malformed-request`. The checkpoint is left as it is. */
export function parseAddCheckpoint(body: string): AddCheckpoint {
  const end = body.indexOf('\n\n');
  const [first = '', ...lines] = body.slice(0, Math.max(0, end)).split('\n');
  const [, sizeText] = /^old (0|[1-9][0-9]*)$/.exec(first) ?? [];
  const oldSize = Number(sizeText);
  if (end < 0 || sizeText === undefined || !Number.isSafeInteger(oldSize) || lines.length > PROOF_LINES_MAX) throw malformed();
  const proof = lines.map((line) => {
    const hash = fromBase64(line);
    if (hash?.length !== HASH_BYTES) throw malformed();
    return hash;
  });
  return { oldSize, proof, checkpoint: body.slice(end + 2) };
}

/** A log that a witness watches. */
export interface WitnessedLog {
  readonly keys: readonly VerifierKey[];
  /** Cosigned last; size 0 when nothing was. */
  readonly head: TreeHead;
}

export type AddCheckpointDecision =
  /** Store `head`, if the stored size is still `oldSize`, then cosign `text` and answer with the signature lines. */
  | { readonly status: 200; readonly checkpoint: Checkpoint; readonly text: string; readonly oldSize: number; readonly head: TreeHead }
  /** Answer with `body`, of type `text/x.tlog.size`. */
  | { readonly status: 409; readonly body: string }
  | { readonly status: 400 | 403 | 404 | 422 };

export const WITNESS_SIZE_TYPE = 'text/x.tlog.size';

/** The answer for a witness whose head moved, while it decided or before. */
export const conflict = (size: number): AddCheckpointDecision => ({ status: 409, body: `${size}\n` });

/**
 * What a witness answers, by the rules of C2SP tlog-witness in their order: 400 malformed, 404 unknown log, 403 not signed by it,
 * 400 old size beyond the checkpoint's, 409 another old size or root than cosigned, 422 proof not valid. `lookup` knows logs by
 * origin. Throws nothing.
 */
export function decideAddCheckpoint(body: string, lookup: (origin: string) => WitnessedLog | undefined): AddCheckpointDecision {
  let request: AddCheckpoint;
  let origin: string;
  try {
    request = parseAddCheckpoint(body);
    origin = parseCheckpoint(textOf(request.checkpoint)).origin;
  } catch {
    return { status: 400 };
  }
  const log = lookup(origin);
  if (log === undefined) return { status: 404 };
  const text = signedText(request.checkpoint, log.keys);
  if (text === undefined) return { status: 403 };
  const checkpoint = parseCheckpoint(text);
  const { oldSize, proof } = request;
  const head: TreeHead = { size: checkpoint.size, root: checkpoint.root };
  if (oldSize > head.size) return { status: 400 };
  if (oldSize !== log.head.size) return conflict(log.head.size);
  if (oldSize === head.size && oldSize > 0 && !equalBytes(log.head.root, head.root)) return conflict(log.head.size);
  if (!isConsistent(log.head, head, proof)) return { status: 422 };
  return { status: 200, checkpoint, text, oldSize, head };
}

const textOf = (note: string): string => note.slice(0, note.lastIndexOf('\n\n') + 1);

function signedText(note: string, keys: readonly VerifierKey[]): string | undefined {
  try {
    return openNote(note, keys).text;
  } catch {
    return undefined;
  }
}

/** From size 0 there is nothing to compare: the proof is empty, and an empty tree has one root. */
function isConsistent(older: TreeHead, newer: TreeHead, proof: readonly Uint8Array[]): boolean {
  if (older.size === 0) return proof.length === 0 && (newer.size > 0 || equalBytes(newer.root, emptyRoot()));
  try {
    verifyConsistencyProof(older, newer, proof);
    return true;
  } catch {
    return false;
  }
}
