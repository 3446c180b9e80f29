import { BoopError } from '@boop/shared';
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts';
import { cosignatureMessage, formatCosignature } from './cosignature.ts';
import { formatNote, type NoteSignature, openNote, parseNote, signatureOf } from './note.ts';
import { parseVerifierKey, SignatureType, type VerifierKey } from './verifier-key.ts';

/** A cosignature line over a checkpoint's text. `sign` is plain Ed25519 with the private half of `key` (type 0x04). Throws `log.malformed-vkey`. */
export function cosign(key: VerifierKey, timeS: number, text: string, sign: (message: Uint8Array) => Uint8Array): NoteSignature {
  if (key.type !== SignatureType.cosignatureV1) throw new BoopError('log.malformed-vkey', 'a cosigner has a key of type 4');
  return signatureOf(key, formatCosignature(timeS, sign(cosignatureMessage(timeS, text))));
}

/** Signature lines alone, as a witness answers. */
export function formatSignatureLines(signatures: readonly NoteSignature[]): string {
  return formatNote({ text: SOME_TEXT, signatures }).slice(SOME_TEXT.length + 1);
}

/** Strict inverse of {@link formatSignatureLines}; throws `log.malformed-note`. */
export function parseSignatureLines(lines: string): NoteSignature[] {
  const { text, signatures } = parseNote(`${SOME_TEXT}\n${lines}`);
  // An empty line among them would make what stands before it part of the text.
  if (text !== SOME_TEXT) throw new BoopError('log.malformed-note', 'not signature lines alone');
  return [...signatures];
}

/** A note's signature lines have a syntax of their own; some text must stand before them. */
const SOME_TEXT = 'text\n';

/**
 * Staples cosignatures to a note: those of `keys` that are valid, one per key, the newest; lines of other keys in `lines` are dropped.
 * Throws `log.malformed-note`; never because of an invalid line.
 */
export function addSignatures(note: string, lines: string, keys: readonly VerifierKey[]): string {
  const { text, signatures } = parseNote(note);
  const kept = [...signatures];
  for (const one of parseSignatureLines(lines)) {
    const key = keys.find(({ name, keyId }) => name === one.name && keyId === one.keyId);
    const timeS = key && timeOf(text, one, key);
    if (key === undefined || timeS === undefined) continue;
    const at = kept.findIndex(({ name, keyId }) => name === one.name && keyId === one.keyId);
    if (at < 0) kept.push(one);
    else if ((timeOf(text, kept[at]!, key) ?? -1) < timeS) kept[at] = one;
  }
  return formatNote({ text, signatures: kept });
}

/** Time of a valid signature of that key (0 for one without time); undefined for one that isn't. */
function timeOf(text: string, signature: NoteSignature, key: VerifierKey): number | undefined {
  try {
    return openNote(formatNote({ text, signatures: [signature] }), [key]).verified[0]!.timeS ?? 0;
  } catch {
    return undefined;
  }
}

/** Whose word a client needs for a checkpoint. */
export interface CheckpointPolicy {
  /** Key of the log; its name is the origin. */
  readonly vkey: string;
  /** Keys of known cosigners (type 0x04): nodes, witnesses, monitors. */
  readonly cosigners?: readonly string[];
  /** How many of them must have cosigned; default 0. */
  readonly quorum?: number;
  /** Cosignatures made before count for nothing; seconds since the Unix epoch. */
  readonly oldestTimeS?: number;
}

export interface OpenedCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly text: string;
  /** Valid cosignatures that are new enough. */
  readonly cosigned: readonly { readonly name: string; readonly timeS: number }[];
}

/**
 * A checkpoint under a policy. A cosigner's line that is not valid spoils the note, see `openNote`.
 * Throws `log.malformed-vkey`, `log.malformed-note`, `log.bad-signature`, `log.unverified-note`, `log.malformed-checkpoint`, `log.wrong-origin`,
 * `log.too-few-cosignatures`.
 */
export function openCheckpoint(note: string, { vkey, cosigners = [], quorum = 0, oldestTimeS = 0 }: CheckpointPolicy): OpenedCheckpoint {
  const key = parseVerifierKey(vkey);
  const known = cosigners.map(parseVerifierKey);
  if (known.some(({ type }) => type !== SignatureType.cosignatureV1)) throw new BoopError('log.malformed-vkey', 'a cosigner has a key of type 4');
  const { text, verified } = openNote(note, [key, ...known]);
  if (!verified.some((one) => one.key === key)) throw new BoopError('log.unverified-note', 'the log did not sign the note');
  const checkpoint = parseCheckpoint(text);
  if (checkpoint.origin !== key.name) throw new BoopError('log.wrong-origin', 'the checkpoint is of another log');
  const cosigned = verified.flatMap((one) => (one.timeS !== undefined && one.timeS >= oldestTimeS ? [{ name: one.key.name, timeS: one.timeS }] : []));
  // One cosigner under two names would be counted twice.
  const people = new Set(verified.filter((one) => one.timeS !== undefined && one.timeS >= oldestTimeS).map((one) => one.key.publicKey.join()));
  if (people.size < quorum) throw new BoopError('log.too-few-cosignatures', 'too few cosigners have seen this checkpoint lately', { kind: 'unavailable' });
  return { checkpoint, text, cosigned };
}
