import { type ByteSource } from '@boop/field';
import { BoopError } from '@boop/shared';
import { ctr } from '@noble/ciphers/aes.js';

/**
 * Port: the keystream of AES-256 in counter mode (NIST SP 800-38A), initial counter block 0, big-endian.
 * Contract: returns `blockCount` fresh blocks of 16 bytes from block `firstBlock` on; all implementations agree, since
 * the parties of a run may use different ones. An adapter may serve it from a faster or hardened cipher.
 */
export interface Prf {
  keystream(key: Uint8Array, firstBlock: number, blockCount: number): Uint8Array;
  /**
   * Writes the same keystream over `target`, a whole number of blocks, which may be shared memory. Calls under one key come in order
   * and without gaps, so an adapter may keep a cipher per key object.
   */
  fill?(key: Uint8Array, firstBlock: number, target: Uint8Array): void;
}

const BLOCK_BYTES = 16;

/** In plain JavaScript; its tables make it no defence against an adversary who shares the core. */
export const softwareAesCtr: Prf = Object.freeze({
  keystream(key: Uint8Array, firstBlock: number, blockCount: number): Uint8Array {
    const counter = new Uint8Array(BLOCK_BYTES);
    const view = new DataView(counter.buffer);
    view.setUint32(8, Math.floor(firstBlock / 2 ** 32));
    view.setUint32(12, firstBlock >>> 0);
    return ctr(key, counter).encrypt(new Uint8Array(blockCount * BLOCK_BYTES));
  },
});

const CHUNK_BLOCKS_MIN = 8;
const CHUNK_BLOCKS_MAX = 4096;

/** A one-use key's stream, read from the start; what was read is erased. */
export class KeyStream implements ByteSource {
  readonly #prf: Prf;
  readonly #key: Uint8Array;
  #nextBlock = 0;
  #buffer = new Uint8Array(0);
  #at = 0;
  #wiped = false;

  constructor(prf: Prf, key: Uint8Array) {
    this.#prf = prf;
    this.#key = key;
  }

  bytes(count: number): Uint8Array {
    const out = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      if (this.#at === this.#buffer.length) this.#refill(count - filled);
      const part = this.#buffer.subarray(this.#at, this.#at + count - filled);
      out.set(part, filled);
      part.fill(0);
      filled += part.length;
      this.#at += part.length;
    }
    return out;
  }

  /**
   * Whole fresh blocks straight into `target`, whose length is a multiple of 16. For readers that keep a window of their own; not to be mixed
   * with {@link bytes} on one stream.
   */
  fill(target: Uint8Array): void {
    this.#checkAlive();
    const blocks = target.length / BLOCK_BYTES;
    if (this.#prf.fill) this.#prf.fill(this.#key, this.#nextBlock, target);
    else target.set(this.#prf.keystream(this.#key, this.#nextBlock, blocks));
    this.#nextBlock += blocks;
  }

  /** Erases the key and what is buffered. Reading on throws BoopError `keys.wiped`: the stream of a zero key is public. */
  wipe(): void {
    this.#wiped = true;
    this.#key.fill(0);
    this.#buffer.fill(0);
    this.#buffer = new Uint8Array(0);
    this.#at = 0;
  }

  #refill(bytesWanted: number): void {
    this.#checkAlive();
    const growing = Math.min(CHUNK_BLOCKS_MAX, Math.max(CHUNK_BLOCKS_MIN, this.#nextBlock));
    const blocks = Math.max(growing, Math.ceil(bytesWanted / BLOCK_BYTES));
    this.#buffer = this.#prf.keystream(this.#key, this.#nextBlock, blocks) as Uint8Array<ArrayBuffer>;
    this.#nextBlock += blocks;
    this.#at = 0;
  }

  #checkAlive(): void {
    if (this.#wiped) throw new BoopError('keys.wiped', 'these keys are gone', { kind: 'fatal' });
  }
}
