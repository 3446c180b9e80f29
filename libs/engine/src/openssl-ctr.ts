import { type Cipheriv, createCipheriv, createSecretKey } from 'node:crypto';
import { freeMemory } from '@boop/shared';
import { type Prf } from '@boop/mpc';

const blockBytes = 16;
const zeros = new Uint8Array(1 << 18);
/** Smaller pieces of keystream cost more to free than to collect. */
const freedBytesMin = 4096;

/** A cipher goes on where it stopped, so that a stream read in order needs one key schedule. */
interface Running {
  readonly cipher: Cipheriv;
  nextBlock: number;
}

const running = new WeakMap<Uint8Array, Running>();

/** The protocol's keystream from OpenSSL's AES-256-CTR: constant time in hardware. Streams of one key are read in order. */
export const opensslCtr: Required<Prf> = {
  keystream(key, firstBlock, blockCount) {
    const out = new Uint8Array(blockCount * blockBytes);
    this.fill(key, firstBlock, out);
    return out;
  },
  fill(key, firstBlock, target) {
    const stream = streamAt(key, firstBlock);
    for (let at = 0; at < target.length; at += zeros.length) {
      const bytes = Math.min(zeros.length, target.length - at);
      const keystream = stream.cipher.update(bytes === zeros.length ? zeros : zeros.subarray(0, bytes));
      target.set(keystream, at);
      if (bytes >= freedBytesMin && keystream.buffer.byteLength === bytes) freeMemory(keystream);
    }
    // A cipher that stopped within a block gives the rest of that block next.
    if (target.length % blockBytes === 0) stream.nextBlock = firstBlock + target.length / blockBytes;
    else running.delete(key);
  },
};

function streamAt(key: Uint8Array, block: number): Running {
  const open = running.get(key);
  if (open?.nextBlock === block) return open;
  const counter = new Uint8Array(blockBytes);
  const view = new DataView(counter.buffer);
  view.setUint32(8, Math.floor(block / 2 ** 32));
  view.setUint32(12, block >>> 0);
  // Given bytes, createCipheriv takes five times as long (Node 24).
  const fresh = { cipher: createCipheriv('aes-256-ctr', createSecretKey(key), counter), nextBlock: block };
  running.set(key, fresh);
  return fresh;
}
