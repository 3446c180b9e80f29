/**
 * Word operations of the comparison protocol on memory that is named by byte offsets, done by the WASM module or by its TypeScript twin.
 * A slice holds one bit per lane, lane i in bit i mod 8 of byte ⌊i/8⌋; residues are u16, one per lane, canonical. Lane counts are
 * multiples of 128 and byte counts of 16 unless said otherwise; p is 8191 or 65521. Nothing is checked: offsets come from an arena.
 */
export interface LaneOps {
  /** Uniform residues from keystream words by rejection; writes words read and residues written as two i32 to `result`. Any counts, 2-aligned. */
  residues(from: number, words: number, to: number, count: number, p: number, result: number): void;
  /** target += source mod p. */
  addResidues(target: number, source: number, count: number, p: number): void;
  /** target += source · factor mod p. */
  addScaled(target: number, source: number, factor: number, count: number, p: number): void;
  /** out = a·wa + b·wb + c·wc mod p. */
  combine(a: number, b: number, c: number, wa: number, wb: number, wc: number, out: number, count: number, p: number): void;
  /** Bit k of every residue to slice k, `stride` bytes apart. */
  toSlices(from: number, to: number, stride: number, count: number, p: number): void;
  /** a = c + ka, b = c + kb mod p in 1…p, and the slice (a > b) ⊕ (a = p) ⊕ (b = p), compared with 0 for p. */
  intervalEnds(c: number, ka: number, kb: number, a: number, b: number, wraps: number, count: number, p: number): void;
  /** Residues at bits(p) each, least significant first, to ⌈count·bits/8⌉ bytes, padded with zero bits. Any count. */
  pack(from: number, to: number, count: number, p: number): void;
  /** Inverse of pack; 0 when a value is ≥ p or padding is set, else 1. Reads up to 3 bytes beyond. Any count. */
  unpack(from: number, to: number, count: number, p: number): number;
  xor(a: number, b: number, out: number, bytes: number): void;
  xor3(a: number, b: number, c: number, out: number, bytes: number): void;
  not(a: number, out: number, bytes: number): void;
  and(a: number, b: number, out: number, bytes: number): void;
  /** target ⊕= a·b. */
  addAnd(a: number, b: number, target: number, bytes: number): void;
  /** target ⊕= x0·(y0 ⊕ y1) ⊕ x1·y0. */
  addProduct3(x0: number, x1: number, y0: number, y1: number, target: number, bytes: number): void;
  /** message = that product ⊕ mask; kept = message ⊕ more; other = mask. */
  maskedProduct3(x0: number, x1: number, y0: number, y1: number, mask: number, more: number, message: number, kept: number, other: number, bytes: number): void;
  /** Parity of all bits of a·b. */
  parityAnd(a: number, b: number, bytes: number): number;
  /** For k < words one byte of `out`: parity of x0·(r0 ⊕ r1) ⊕ x1·r0 with both r moved on by k·step bytes. */
  parities3(x0: number, x1: number, r0: number, r1: number, step: number, out: number, words: number, bytes: number): void;
  /** `count` bits from bit `bit` on, to bit 0 of `to`, zeros up to `bytes`. Reads up to 8 bytes beyond. Any bit and count. */
  extractBits(from: number, bit: number, count: number, to: number, bytes: number): void;
  /**
   * Per lane shares of [d < a] and (unless `equal` is 0) [d = a] for public a in `width` ≤ 8 slices, from the rows L[v] = [d < v], 1 ≤ v < 2^width,
   * `stride` bytes apart. `ones` is −1 at the one component that holds public ones, 0 elsewhere.
   */
  lookUp(table: number, stride: number, width: number, address: number, addressStride: number, ones: number, less: number, equal: number, bytes: number): void;
}

/** Growable memory under the operations. Growth may detach views taken before, never offsets. */
export interface LaneMemory {
  readonly buffer: ArrayBufferLike;
  /** Makes at least this many bytes addressable. Throws BoopError `kernel.out-of-memory`. */
  reserve(bytes: number): void;
}

/** Where lanes are computed; see `laneKernel`, `loadLaneKernel` and `twinLaneKernel`. */
export interface LaneKernel {
  readonly name: string;
  /** Memory of its own for one block of lanes in flight: fresh, or given back earlier. */
  createArena(): LaneArena;
  /** Wipes an arena and keeps it for the next `createArena`; nobody may use it, or views of it, any more. */
  giveBack(arena: LaneArena): void;
}

/**
 * Bump-allocated work space of one block: offsets stay valid until `reset` or `release`; what is read through views must be read
 * before the next allocation. Holds shares and masks: `wipe` when done.
 */
export interface LaneArena {
  readonly ops: LaneOps;
  /** Offset of `bytes` fresh bytes, aligned to 64; contents are undefined. */
  allocate(bytes: number): number;
  /** A point to go back to. */
  mark(): number;
  release(mark: number): void;
  /** A view of these bytes, until the next allocation. */
  view(offset: number, bytes: number): Uint8Array;
  /** Forgets all allocations; memory is reused as it is. */
  reset(): void;
  /** Addressable now. */
  readonly bytes: number;
  /** `reset`, and zeros over everything that was ever allocated. */
  wipe(): void;
}
