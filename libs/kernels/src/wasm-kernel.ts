import { BoopError, fromBase64Url } from '@boop/shared';
import { galleryWasm } from './generated/gallery-wasm.ts';
import { kernelWasm } from './generated/kernel-wasm.ts';
import { dimensions } from './errors.ts';
import { type GalleryOptions, type SharedGallery } from './gallery.ts';
import { checkProbes, checkRange, checkShape, type Gallery, type Kernel } from './kernel.ts';
import { attachWasmGallery, createWasmGallery } from './wasm-gallery.ts';
import { WasmWorkspace } from './wasm-workspace.ts';

/** Gallery bytes copied into the kernel at a time by {@link Kernel.innerProducts}: bounds its memory. */
const COPY_BYTES_MAX = 4 << 20;

/**
 * Compiles the WASM SIMD kernel. Throws BoopError `kernel.unsupported` where the engine has no 128-bit SIMD; fall back
 * to `twinKernel` there.
 */
export async function loadKernel(): Promise<Kernel> {
  let module: WebAssembly.Module;
  let galleryModule: WebAssembly.Module;
  try {
    [module, galleryModule] = await Promise.all([kernelWasm, galleryWasm].map((wasm) => WebAssembly.compile(Uint8Array.from(fromBase64Url(wasm))))) as [WebAssembly.Module, WebAssembly.Module];
  } catch (cause) {
    throw new BoopError('kernel.unsupported', 'this engine does not run the SIMD kernel', { kind: 'fatal', cause });
  }
  const workspace = new WasmWorkspace(module);
  function createGallery(options: GalleryOptions): SharedGallery;
  function createGallery(coordinates: number, p: number): Gallery;
  function createGallery(shape: GalleryOptions | number, p?: number): SharedGallery | Gallery {
    if (typeof shape === 'object') return createWasmGallery(galleryModule, shape);
    checkShape(shape, p!);
    return new WasmGallery(module, shape, p!);
  }
  return {
    name: 'wasm-simd',
    innerProducts(probes, shifts, gallery, rows, coordinates, p) {
      checkShape(coordinates, p);
      checkProbes(probes, shifts, coordinates);
      if (!Number.isInteger(rows) || rows < 0 || gallery.length !== rows * coordinates) throw dimensions();
      return copyAndMultiply(workspace, probes, shifts, gallery, rows, coordinates, p);
    },
    createGallery,
    attachGallery: (handle) => attachWasmGallery(galleryModule, handle),
  };
}

function copyAndMultiply(workspace: WasmWorkspace, probes: Int16Array, shifts: number, gallery: Int16Array, rows: number, coordinates: number, p: number): Uint16Array {
  const out = new Uint16Array(rows * shifts);
  const stride = paddedCoordinates(coordinates);
  const rowsPerCopy = Math.min(rows, Math.floor(COPY_BYTES_MAX / (stride * 2)));
  workspace.reserveRows(rowsPerCopy, stride);
  for (let first = 0; first < rows; first += rowsPerCopy) {
    const count = Math.min(rowsPerCopy, rows - first);
    for (let row = 0; row < count; row++) put(workspace.row(row, stride), gallery.subarray((first + row) * coordinates, (first + row + 1) * coordinates));
    workspace.multiply(probes, shifts, coordinates, stride, p, 0, count, out, first);
  }
  for (let row = 0; row < rowsPerCopy; row++) workspace.row(row, stride).fill(0);
  return out;
}

class WasmGallery implements Gallery {
  readonly coordinates: number;
  readonly p: number;
  readonly #stride: number;
  readonly #workspace: WasmWorkspace;
  #rows = 0;

  constructor(module: WebAssembly.Module, coordinates: number, p: number) {
    this.coordinates = coordinates;
    this.p = p;
    this.#stride = paddedCoordinates(coordinates);
    this.#workspace = new WasmWorkspace(module);
  }

  get rows(): number {
    return this.#rows;
  }

  append(row: Int16Array): number {
    if (row.length !== this.coordinates) throw dimensions();
    this.#workspace.reserveRows(this.#rows + 1, this.#stride);
    put(this.#workspace.row(this.#rows, this.#stride), row);
    return this.#rows++;
  }

  replace(index: number, row: Int16Array): void {
    if (row.length !== this.coordinates || !Number.isInteger(index) || index < 0 || index >= this.#rows) throw dimensions();
    put(this.#workspace.row(index, this.#stride), row);
  }

  innerProducts(probes: Int16Array, shifts: number, fromRow: number, toRow: number): Uint16Array {
    checkProbes(probes, shifts, this.coordinates);
    checkRange(fromRow, toRow, this.#rows);
    const out = new Uint16Array((toRow - fromRow) * shifts);
    this.#workspace.multiply(probes, shifts, this.coordinates, this.#stride, this.p, fromRow, toRow - fromRow, out, 0);
    return out;
  }
}

/** The padding stays zero, so that it adds nothing. */
function put(target: Int16Array, row: Int16Array): void {
  target.set(row);
  target.fill(0, row.length);
}

const paddedCoordinates = (coordinates: number): number => (coordinates + 7) & ~7;
