import { BoopError } from '@boop/shared';

/** Strict reader of fixed layouts: every short read and every byte left over is a {@link BoopError} with the given code. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #code: string;
  #at = 0;

  constructor(bytes: Uint8Array, code: string) {
    this.#bytes = bytes;
    this.#code = code;
  }

  fail(): never {
    throw new BoopError(this.#code, 'bytes do not have the expected layout');
  }

  /** A copy of the next `count` bytes. */
  take(count: number): Uint8Array {
    const end = this.#at + count;
    if (end > this.#bytes.length) this.fail();
    const out = this.#bytes.slice(this.#at, end);
    this.#at = end;
    return out;
  }

  uint8(): number {
    return this.take(1)[0]!;
  }

  /** Big-endian u64 that must fit a safe integer. */
  uint64(): number {
    const bytes = this.take(8);
    const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
    const value = view.getUint32(0) * 2 ** 32 + view.getUint32(4);
    if (!Number.isSafeInteger(value)) this.fail();
    return value;
  }

  end(): void {
    if (this.#at !== this.#bytes.length) this.fail();
  }
}

/** Big-endian u64 of a non-negative safe integer. */
export function uint64(value: number): Uint8Array {
  const out = new Uint8Array(8);
  const view = new DataView(out.buffer);
  view.setUint32(0, Math.floor(value / 2 ** 32));
  view.setUint32(4, value % 2 ** 32);
  return out;
}
