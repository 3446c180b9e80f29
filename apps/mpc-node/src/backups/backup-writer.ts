import { createHash, createSecretKey, type KeyObject } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { sealRow } from '@boop/platform';
import { canonicalJson, concatBytes, uint32, utf8 } from '@boop/shared';
import { type BackupHeader, chunkBytesMax, chunkKind, chunkPlace, type Note, signedBytes } from './backup-format.ts';

/** Writes a backup beside its place, and puts it there when it is whole and durable. */
export class BackupWriter {
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #key: KeyObject;
  readonly #headerDigest: Uint8Array;
  readonly #hash = createHash('sha256');
  #index = 0;

  private constructor(file: string, handle: FileHandle, key: Uint8Array, headerDigest: Uint8Array) {
    this.#file = file;
    this.#handle = handle;
    this.#key = createSecretKey(key);
    this.#headerDigest = headerDigest;
  }

  /** @param key 32 bytes, which are wiped */
  static async create(file: string, header: BackupHeader, key: Uint8Array): Promise<BackupWriter> {
    const line = concatBytes(canonicalJson(header), utf8('\n'));
    const writer = new BackupWriter(file, await open(draftOf(file), 'w', 0o600), key, createHash('sha256').update(line).digest());
    key.fill(0);
    await writer.#write(line);
    return writer;
  }

  async note(note: Note): Promise<void> {
    await this.#chunk(chunkKind.note, canonicalJson(note));
  }

  async data(bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.length; from += chunkBytesMax) await this.#chunk(chunkKind.data, bytes.subarray(from, from + chunkBytesMax));
  }

  /** @returns digest of all but the signature */
  async finish(sign: (message: Uint8Array) => Uint8Array): Promise<Uint8Array> {
    await this.#write(uint32(0));
    const digest = new Uint8Array(this.#hash.digest());
    await this.#handle.writeFile(sign(signedBytes(digest)));
    await this.#handle.sync();
    await this.#handle.close();
    await rename(draftOf(this.#file), this.#file);
    return digest;
  }

  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await rm(draftOf(this.#file), { force: true });
  }

  async #chunk(kind: number, plaintext: Uint8Array): Promise<void> {
    const sealed = sealRow(this.#key, concatBytes(Uint8Array.of(kind), plaintext), chunkPlace(this.#headerDigest, this.#index++));
    await this.#write(concatBytes(uint32(sealed.length), sealed));
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    await this.#handle.writeFile(bytes);
  }
}

const draftOf = (file: string): string => `${file}.draft`;
