import { createHash, createSecretKey, type KeyObject } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { verifySignature } from '@boop/identity';
import { openRow } from '@boop/platform';
import { BoopError, isBoopError, toBase64Url } from '@boop/shared';
import { backupDomain, type BackupHeader, chunkBytesMax, chunkKind, chunkPlace, headerBytesMax, malformed, type Note, parseHeader, parseNote, signatureBytes } from './backup-format.ts';

const readBytes = 1 << 20;
/** Of the letter that tells a chunk's kind, and of sealing. */
const overheadBytes = 64;

export type Chunk = { readonly note: Note } | { readonly data: Uint8Array };

/** A backup whose signature was checked. */
export class BackupReader {
  readonly header: BackupHeader;
  /** SHA-256 of the file but for its signature, base64url. */
  readonly digest: string;
  readonly #file: string;
  readonly #headerDigest: Uint8Array;
  readonly #headerBytes: number;

  private constructor(file: string, header: BackupHeader, headerDigest: Uint8Array, headerBytes: number, digest: string) {
    this.#file = file;
    this.header = header;
    this.#headerDigest = headerDigest;
    this.#headerBytes = headerBytes;
    this.digest = digest;
  }

  /** Reads the whole file once. @throws BoopError `backup.malformed`, `backup.altered` */
  static async open(file: string): Promise<BackupReader> {
    const handle = await open(file);
    try {
      const { size } = await handle.stat();
      const line = await headerLine(handle);
      const header = parseHeader(line.subarray(0, -1));
      if (size < line.length + signatureBytes) throw malformed();
      const hash = createHash('sha256');
      for (let at = 0; at < size - signatureBytes; ) {
        const bytes = await readAt(handle, at, Math.min(readBytes, size - signatureBytes - at));
        hash.update(bytes);
        at += bytes.length;
      }
      const digest = new Uint8Array(hash.digest());
      const signature = await readAt(handle, size - signatureBytes, signatureBytes);
      if (!verifySignature(backupDomain, digest, toBase64Url(signature), header.identityKey)) throw altered();
      return new BackupReader(file, header, createHash('sha256').update(line).digest(), line.length, toBase64Url(digest));
    } finally {
      await handle.close();
    }
  }

  /** @throws BoopError `backup.wrong-key`, `backup.malformed` */
  async *chunks(key: Uint8Array): AsyncIterable<Chunk> {
    const secret = createSecretKey(key);
    const handle = await open(this.#file);
    try {
      for (let at = this.#headerBytes, index = 0; ; index++) {
        const size = Buffer.from(await readAt(handle, at, 4)).readUInt32BE();
        if (size === 0) return;
        if (size > chunkBytesMax + overheadBytes) throw malformed();
        yield this.#open(secret, await readAt(handle, at + 4, size), index);
        at += 4 + size;
      }
    } finally {
      await handle.close();
    }
  }

  #open(secret: KeyObject, sealed: Uint8Array, index: number): Chunk {
    const plaintext = opened(secret, sealed, chunkPlace(this.#headerDigest, index));
    return plaintext[0] === chunkKind.note ? { note: parseNote(plaintext.subarray(1)) } : { data: plaintext.subarray(1) };
  }
}

function opened(secret: KeyObject, sealed: Uint8Array, place: Uint8Array): Uint8Array {
  try {
    return openRow(secret, sealed, place);
  } catch (error) {
    if (!isBoopError(error)) throw error;
    throw new BoopError('backup.wrong-key', 'this key does not open this backup', { kind: 'fatal' });
  }
}

async function headerLine(handle: FileHandle): Promise<Uint8Array> {
  const { buffer, bytesRead } = await handle.read(new Uint8Array(headerBytesMax), 0, headerBytesMax, 0);
  const end = buffer.subarray(0, bytesRead).indexOf(0x0a);
  if (end < 0) throw malformed();
  return buffer.slice(0, end + 1);
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const { buffer, bytesRead } = await handle.read(new Uint8Array(length), 0, length, position);
  if (bytesRead !== length) throw malformed();
  return buffer;
}

const altered = (): BoopError => new BoopError('backup.altered', 'the backup differs from what the node signed', { kind: 'fatal' });
