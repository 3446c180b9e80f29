import { bytesField, blobField, idField, secondsField, separated } from '@boop/identity';
import { sealedBoxSchema } from '@boop/protocol';
import { BoopError, fromUtf8, lengthPrefixed, uint32, utf8 } from '@boop/shared';
import { z } from 'zod';

/**
 * A node's backup: a line of JSON (the header), chunks that are sealed under the backup's key, each behind its length as a big-endian u32, a zero
 * in place of a length, and the node's Ed25519 signature of the digest of all that precedes it. Nothing of the database is readable without the key.
 */
export const backupDomain = 'boop-node-backup/1';
export const headerBytesMax = 64 * 1024;
/** Plaintext of one chunk: a chunk as PostgreSQL sends it, or a note. */
export const chunkBytesMax = 8 * 1024 * 1024;
export const signatureBytes = 64;

const party = z.number().int().min(1).max(255);
export const backupKinds = ['hourly', 'daily', 'manual'] as const;
export type BackupKind = (typeof backupKinds)[number];

export const backupHeaderSchema = z.strictObject({
  v: z.literal(1),
  kind: z.enum(backupKinds),
  networkId: idField,
  party,
  /** Names this node then. */
  identityKey: bytesField(32),
  /** Grows by one from backup to backup. */
  sequence: z.number().int().positive(),
  /** Digest of the backup before; absent for the first. */
  previous: bytesField(32).optional(),
  time: secondsField,
  /** The backup's key as the node's custody wraps it. */
  wrapped: blobField(256),
  /** The same key shared among the other custodians (Shamir over GF(256)): so many of them can open it together, fewer learn nothing. */
  recovery: z.strictObject({ threshold: party, shares: z.array(z.strictObject({ party, hpkeKey: bytesField(32), box: sealedBoxSchema })).max(7) }),
});
export type BackupHeader = z.infer<typeof backupHeaderSchema>;

/** What stands in a chunk that is a note, in this order. */
export const noteSchema = z.discriminatedUnion('note', [
  /** The keys' own files, sealed by the custody; none where keys are in a token. */
  z.strictObject({ note: z.literal('key-files'), files: z.array(z.strictObject({ name: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,63}$/), bytes: blobField(4_096) })).max(64) }),
  z.strictObject({ note: z.literal('data-keys'), keys: z.array(z.strictObject({ epoch: z.number().int().min(0), key: bytesField(32) })).max(4_096) }),
  /** Chunks of data follow, in PostgreSQL's binary COPY format. */
  z.strictObject({ note: z.literal('table'), table: z.string(), columns: z.array(z.string()).min(1) }),
  z.strictObject({ note: z.literal('end'), tables: z.number().int().min(0) }),
]);
export type Note = z.infer<typeof noteSchema>;

/** First byte of a chunk. */
export const chunkKind = { note: 0, data: 1 } as const;

/** Additional data of a chunk: its file and place, so that none can be moved. */
export const chunkPlace = (headerDigest: Uint8Array, index: number): Uint8Array => lengthPrefixed(utf8(backupDomain), headerDigest, uint32(index));

export const signedBytes = (digest: Uint8Array): Uint8Array => separated(backupDomain, digest);

/** @throws BoopError `backup.malformed` */
export function parseHeader(line: Uint8Array): BackupHeader {
  const parsed = backupHeaderSchema.safeParse(json(line));
  if (!parsed.success) throw malformed();
  return parsed.data;
}

/** @throws BoopError `backup.malformed` */
export function parseNote(bytes: Uint8Array): Note {
  const parsed = noteSchema.safeParse(json(bytes));
  if (!parsed.success) throw malformed();
  return parsed.data;
}

function json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(bytes));
  } catch {
    throw malformed();
  }
}

export const malformed = (): BoopError => new BoopError('backup.malformed', 'this file is not a backup of a node, or not a whole one', { kind: 'fatal' });
