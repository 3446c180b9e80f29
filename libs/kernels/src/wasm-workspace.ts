import { BoopError } from '@boop/shared';

/** Signature of the export of assembly/kernel.ts. Addresses are byte offsets into the imported memory. */
type InnerProducts = (probes: number, shifts: number, gallery: number, rows: number, vecs: number, wide: number, out: number, scratch: number) => void;

const PAGE_BYTES = 1 << 16;
const ROWS_PER_BLOCK = 16;
const SHIFTS_PER_PASS_MAX = 1024;
const PROBES_AT = 1024;
const PROBES_BYTES = 2 << 20;
const SCRATCH_AT = PROBES_AT + PROBES_BYTES;
const SCRATCH_BYTES = ROWS_PER_BLOCK * SHIFTS_PER_PASS_MAX * 16;
const OUT_AT = SCRATCH_AT + SCRATCH_BYTES;
const OUT_BYTES = 512 << 10;
/** First byte of the rows; everything below is work space of fixed size. */
const ROWS_AT = Math.ceil((OUT_AT + OUT_BYTES) / PAGE_BYTES) * PAGE_BYTES;
const GROWTH_PAGES = 64;

/** One instance of the WASM module with a memory of its own: fixed work space below, rows above. */
export class WasmWorkspace {
  readonly #memory: WebAssembly.Memory;
  readonly #innerProducts: InnerProducts;

  constructor(module: WebAssembly.Module) {
    this.#memory = new WebAssembly.Memory({ initial: ROWS_AT / PAGE_BYTES });
    const instance = new WebAssembly.Instance(module, { env: { memory: this.#memory } });
    this.#innerProducts = instance.exports['innerProducts'] as InnerProducts;
  }

  /** Makes room for this many rows. Throws BoopError `kernel.out-of-memory` at the engine's limit (4 GiB). */
  reserveRows(rows: number, stride: number): void {
    // The kernel reads rows in pairs.
    const missing = ROWS_AT + (rows + 1) * stride * 2 - this.#memory.buffer.byteLength;
    if (missing <= 0) return;
    const pages = Math.ceil(missing / PAGE_BYTES);
    try {
      this.#memory.grow(Math.max(pages, GROWTH_PAGES));
    } catch (cause) {
      throw new BoopError('kernel.out-of-memory', 'no memory left for more rows', { kind: 'unavailable', cause });
    }
  }

  /** A view of row `index`; valid until the next `reserveRows`. */
  row(index: number, stride: number): Int16Array {
    return new Int16Array(this.#memory.buffer, ROWS_AT + index * stride * 2, stride);
  }

  /** Writes rows × shifts products of rows from `fromRow` into `out` from row `outRow` on. */
  multiply(probes: Int16Array, shifts: number, coordinates: number, stride: number, p: number, fromRow: number, rows: number, out: Uint16Array, outRow: number): void {
    const shiftsPerPass = Math.min(shifts, SHIFTS_PER_PASS_MAX, Math.floor(PROBES_BYTES / (stride * 2)));
    const rowsPerPass = Math.floor(OUT_BYTES / 2 / shiftsPerPass);
    for (let shift = 0; shift < shifts; shift += shiftsPerPass) {
      const width = Math.min(shiftsPerPass, shifts - shift);
      interleave(new Int16Array(this.#memory.buffer, PROBES_AT, width * stride), probes, shift, width, coordinates, stride, p === 8191 ? 5 : 2);
      for (let row = 0; row < rows; row += rowsPerPass) {
        const count = Math.min(rowsPerPass, rows - row);
        this.#innerProducts(PROBES_AT, width, ROWS_AT + (fromRow + row) * stride * 2, count, stride / 8, p === 8191 ? 0 : 1, OUT_AT, SCRATCH_AT);
        const products = new Uint16Array(this.#memory.buffer, OUT_AT, count * width);
        for (let r = 0; r < count; r++) out.set(products.subarray(r * width, (r + 1) * width), (outRow + row + r) * shifts + shift);
      }
    }
    // Shares of a probe and of its scores don't outlive the call.
    new Uint8Array(this.#memory.buffer, PROBES_AT, ROWS_AT - PROBES_AT).fill(0);
  }
}

/** Probes into the order in which the kernel reads them: groups of `group` shifts, then single ones, each [vec][shift in group][8]. */
function interleave(target: Int16Array, probes: Int16Array, firstShift: number, shifts: number, coordinates: number, stride: number, group: number): void {
  const whole = shifts - (shifts % group);
  target.fill(0);
  for (let shift = 0; shift < shifts; shift++) {
    const size = shift < whole ? group : 1;
    const within = shift < whole ? shift % group : 0;
    const base = (shift - within) * stride;
    const from = (firstShift + shift) * coordinates;
    for (let i = 0; i < coordinates; i++) target[base + ((i >> 3) * size + within) * 8 + (i & 7)] = probes[from + i]!;
  }
}
