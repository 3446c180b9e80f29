// Deals Shamir shares of degree t of random templates: AES-256-CTR from the dealer's secret seed. Every party runs it for its own point,
// so that no gigabytes go through pipes; what is timed sees shares only.
import { createCipheriv, createHash } from 'node:crypto';

const zeros = new Uint8Array(1 << 14);

/** Uniform words of a stream named by seed and label. */
class Stream {
  #cipher;
  #words = new Uint16Array(0);
  #at = 0;
  #chunkBytes;

  /** @param words about so many will be read */
  constructor(seed, label, words) {
    this.#chunkBytes = Math.min(zeros.length, 2 * words + 64);
    const key = createHash('sha256').update(seed).update(label).digest();
    this.#cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  }

  word() {
    if (this.#at === this.#words.length) {
      const bytes = this.#cipher.update(zeros.subarray(0, this.#chunkBytes));
      this.#words = new Uint16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + this.#chunkBytes));
      this.#at = 0;
    }
    return this.#words[this.#at++];
  }
}

/** Plain templates of one workload and one party's shares of them. */
export class Dealer {
  #seed;
  #shape;
  #party;
  #threshold;

  /** @param shape { p, coordinates, plain(word, row, probe) → Int8Array } of workloads.mjs */
  constructor(seed, shape, party, threshold) {
    this.#seed = seed;
    this.#shape = shape;
    this.#party = party;
    this.#threshold = threshold;
  }

  plain(label, like) {
    const stream = new Stream(this.#seed, `plain ${label}`, this.#shape.coordinates);
    return this.#shape.plain(() => stream.word(), like);
  }

  /** Balanced residues: f(party) for f of degree t with f(0) the template's coordinate. */
  share(label, template) {
    const { p } = this.#shape;
    const half = (p - 1) / 2;
    const stream = new Stream(this.#seed, `share ${label}`, this.#shape.coordinates * this.#threshold);
    const mask = p === 8191 ? 8191 : 65535;
    const out = new Int16Array(template.length);
    for (let i = 0; i < out.length; i++) {
      let value = 0;
      for (let degree = this.#threshold; degree >= 1; degree--) {
        let coefficient = stream.word() & mask;
        while (coefficient >= p) coefficient = stream.word() & mask;
        value = ((value + coefficient) * this.#party) % p;
      }
      value = (value + template[i] + p) % p;
      out[i] = value > half ? value - p : value;
    }
    return out;
  }
}
