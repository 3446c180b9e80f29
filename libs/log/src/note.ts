import { BoopError, concatBytes, fromUtf8, uint32, utf8 } from '@boop/shared';
import { fromBase64, toBase64 } from './base64.ts';
import { verifyCosignature } from './cosignature.ts';
import { verifyEd25519 } from './ed25519.ts';
import { isKeyName, SignatureType, type VerifierKey } from './verifier-key.ts';

export interface NoteSignature {
  readonly name: string;
  readonly keyId: number;
  readonly signature: Uint8Array;
}

/** A signed note (C2SP signed-note). `text` ends in a newline; signatures are over its UTF-8 bytes. */
export interface Note {
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

const NOTE_CHARS_MAX = 1_000_000;
const SIGNATURES_MAX = 100;
const malformed = (): BoopError => new BoopError('log.malformed-note', 'not a signed note');

/** Throws `log.malformed-note` where {@link parseNote} would refuse the result. */
export function formatNote({ text, signatures }: Note): string {
  const lines = signatures.map(({ name, keyId, signature }) => `— ${name} ${toBase64(concatBytes(uint32(keyId), signature))}\n`);
  const note = `${text}\n${lines.join('')}`;
  if (parseNote(note).text !== text) throw malformed();
  return note;
}

/** Strict: what it accepts, {@link formatNote} gives back unchanged. Says nothing about the signatures' validity. */
export function parseNote(note: string): Note {
  const split = note.lastIndexOf('\n\n');
  // U+0020 is the first character that is not a control character; only newlines are allowed below it.
  if (note.length > NOTE_CHARS_MAX || split < 0 || !note.endsWith('\n') || /[\0-\x09\x0b-\x1f]/.test(note) || !isWellFormed(note)) throw malformed();
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > SIGNATURES_MAX) throw malformed();
  return { text: note.slice(0, split + 1), signatures: lines.map(parseSignature) };
}

function parseSignature(line: string): NoteSignature {
  const [, name, encoded] = /^— ([^ ]+) ([^ ]+)$/u.exec(line) ?? [];
  const bytes = encoded === undefined ? undefined : fromBase64(encoded);
  if (name === undefined || !isKeyName(name) || bytes === undefined || bytes.length < 5) throw malformed();
  return { name, keyId: new DataView(bytes.buffer, bytes.byteOffset).getUint32(0), signature: bytes.slice(4) };
}

/** A string with a lone surrogate has no UTF-8 form of its own. The dot keeps the decoder from taking a first U+FEFF as a byte order mark. */
const isWellFormed = (text: string): boolean => text === fromUtf8(utf8(`.${text}`)).slice(1);

export interface VerifiedSignature {
  readonly key: VerifierKey;
  /** When a cosignature says that it was made, seconds since the Unix epoch. */
  readonly timeS?: number;
}

export interface VerifiedNote {
  readonly text: string;
  /** One per key that signed, in the order of the note; never empty. */
  readonly verified: readonly VerifiedSignature[];
}

/**
 * Parses a note and verifies it under the known keys; signatures of unknown keys are ignored.
 * Throws `log.malformed-note`; `log.bad-signature` when a known key's signature fails, even if others verify;
 * `log.unverified-note` when no known key signed; `log.ambiguous-vkey` for two known keys with one name and id.
 */
export function openNote(note: string, keys: readonly VerifierKey[]): VerifiedNote {
  const { text, signatures } = parseNote(note);
  const known = new Map(keys.map((key) => [`${key.keyId} ${key.name}`, key]));
  if (known.size !== keys.length) throw new BoopError('log.ambiguous-vkey', 'two verifier keys have the same name and id');
  const verified = new Map<VerifierKey, VerifiedSignature>();
  for (const { name, keyId, signature } of signatures) {
    const key = known.get(`${keyId} ${name}`);
    if (key === undefined) continue;
    verified.set(key, { key, ...verifyOne(key, text, signature) });
  }
  if (verified.size === 0) throw new BoopError('log.unverified-note', 'no known key signed the note');
  return { text, verified: [...verified.values()] };
}

function verifyOne(key: VerifierKey, text: string, signature: Uint8Array): { timeS?: number } {
  const refuse = (): never => {
    throw new BoopError('log.bad-signature', 'a signature of a known key is not valid', { kind: 'peer' });
  };
  if (key.type === SignatureType.cosignatureV1) return { timeS: verifyCosignature(key.publicKey, text, signature) ?? refuse() };
  return verifyEd25519(key.publicKey, utf8(text), signature) ? {} : refuse();
}

/** Signature line of a key; `signature` is made elsewhere, over `utf8(text)` (type 0x01: 64 bytes) or by `formatCosignature`. */
export const signatureOf = ({ name, keyId }: VerifierKey, signature: Uint8Array): NoteSignature => ({ name, keyId, signature });
