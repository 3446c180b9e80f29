import { type LaneArena } from '@boop/kernels';
import { type KeyStream } from './prf.ts';

const BLOCK_BYTES = 16;
const REFILL_BYTES_MIN = 512;

/** A keystream read through a window in an arena. All holders of a key read the same sequence, whatever their windows. */
export class LaneStream {
  readonly #stream: KeyStream;
  readonly #arena: LaneArena;
  readonly #window: number;
  readonly #capacity: number;
  readonly #result: number;
  #from: number;
  #to: number;
  #refillBytes = REFILL_BYTES_MIN;

  /** @param takeMax most bytes of one `take`; the window is at least that large, and allocated now */
  constructor(stream: KeyStream, arena: LaneArena, takeMax: number, windowBytes: number) {
    this.#stream = stream;
    this.#arena = arena;
    this.#capacity = roundUp(Math.max(takeMax, windowBytes, REFILL_BYTES_MIN)) + 2 * BLOCK_BYTES;
    this.#window = arena.allocate(this.#capacity);
    this.#result = arena.allocate(8);
    this.#from = this.#window;
    this.#to = this.#window;
  }

  /** Offset of the next `bytes` bytes, valid until the next call. Multiples of 16 come aligned as long as only such are taken. */
  take(bytes: number): number {
    if (this.#to - this.#from < bytes) this.#refill(bytes);
    const at = this.#from;
    this.#from += bytes;
    return at;
  }

  /**
   * `count` independent uniform residues in [0, p) to `to`, by rejection: little-endian 16-bit words cut to the bits of p − 1, those ≥ p
   * dropped (folding 8191 to 0 would leak in every opening). Reads exactly the words that it looks at.
   */
  residues(p: number, to: number, count: number): void {
    let missing = count;
    while (missing > 0) {
      if (this.#to - this.#from < 2) this.#refill(2, 2 * missing);
      this.#arena.ops.residues(this.#from, (this.#to - this.#from) >> 1, to + 2 * (count - missing), missing, p, this.#result);
      const [read, written] = new Int32Array(this.#arena.view(this.#result, 8).buffer, this.#result, 2);
      this.#from += 2 * read!;
      missing -= written!;
    }
  }

  wipe(): void {
    this.#stream.wipe();
    this.#arena.view(this.#window, this.#capacity).fill(0);
    this.#from = this.#window;
    this.#to = this.#window;
  }

  #refill(wanted: number, hint = wanted): void {
    const left = this.#to - this.#from;
    const memory = this.#arena.view(this.#window, this.#capacity);
    memory.copyWithin(0, this.#from - this.#window, this.#to - this.#window);
    this.#refillBytes = Math.max(this.#refillBytes * 2, roundUp(hint));
    const bytes = Math.min(this.#refillBytes, Math.floor((this.#capacity - left) / BLOCK_BYTES) * BLOCK_BYTES);
    this.#stream.fill(memory.subarray(left, left + Math.max(bytes, roundUp(wanted - left))));
    this.#from = this.#window;
    this.#to = this.#window + left + Math.max(bytes, roundUp(wanted - left));
  }
}

const roundUp = (bytes: number): number => Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
