import { createCipheriv } from 'node:crypto';

/** AES-256-CTR keystream from `firstBlock` on by node:crypto: many times the speed of software AES. Fits the `Prf` port of @boop/mpc. */
export const nodeAesCtr = Object.freeze({
  keystream(key: Uint8Array, firstBlock: number, blockCount: number): Uint8Array {
    const counter = new Uint8Array(16);
    const view = new DataView(counter.buffer);
    view.setUint32(8, Math.floor(firstBlock / 2 ** 32));
    view.setUint32(12, firstBlock >>> 0);
    return Uint8Array.from(createCipheriv('aes-256-ctr', key, counter).update(new Uint8Array(blockCount * 16)));
  },
});
