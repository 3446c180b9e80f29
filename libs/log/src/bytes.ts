import { BoopError } from '@boop/shared';

/** Big-endian u64 of an integer in [0, 2^53). Throws `log.invalid-size`. */
export function uint64(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) throw new BoopError('log.invalid-size', 'a counter is a non-negative safe integer');
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(value));
  return out;
}

/** Order of byte strings: lexicographic, a prefix first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let at = 0; at < a.length && at < b.length; at++) if (a[at] !== b[at]) return a[at]! - b[at]!;
  return a.length - b.length;
}

/** Reads a byte string from front to back; every read past the end throws what `refuse` makes. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #refuse: () => BoopError;
  #at = 0;

  constructor(bytes: Uint8Array, refuse: () => BoopError) {
    this.#bytes = bytes;
    this.#refuse = refuse;
  }

  take(count: number): Uint8Array {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw this.#refuse();
    const taken = this.#bytes.slice(this.#at, end);
    this.#at = end;
    return taken;
  }

  /** Big-endian, of 1, 2, 4 or 8 bytes, below 2^53. */
  uint(byteCount: number): number {
    let value = 0;
    for (const byte of this.take(byteCount)) value = value * 256 + byte;
    if (!Number.isSafeInteger(value)) throw this.#refuse();
    return value;
  }

  /** All that is left. */
  rest(): Uint8Array {
    return this.take(this.#bytes.length - this.#at);
  }

  /** Nothing may follow. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw this.#refuse();
  }
}
