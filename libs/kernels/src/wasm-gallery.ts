import { type GalleryHandle, type GalleryOptions, type GalleryReader, type PreparedProbe, type ProductPlace, type RowLayout, type SharedGallery } from './gallery.ts';
import { coordinatesOf, type RowGeometry, shiftsOf } from './geometry.ts';
import { mapMemory, type MemoryMap, PAGE_BYTES, type Region, ROWS_AT } from './memory-map.ts';
import { createRowShaper } from './row-shaper.ts';
import { planRows, type RowPlan, ROWS_PER_TILE } from './row-plan.ts';
import { checkIndex, checkOptions, checkRequest, checkRow, foreignHandle, nextReader, outOfMemory } from './shared-rows.ts';
import { toomCook } from './toom-cook.ts';
import { WorkSpace } from './work-space.ts';

const KERNEL = 'wasm-simd';
const GROWTH_PAGES = 256;

class WasmReader implements GalleryReader {
  readonly geometry: RowGeometry;
  readonly p: number;
  readonly layout: RowLayout;
  readonly shifts: number;
  readonly rowBytes: number;
  protected readonly coordinates: number;
  protected readonly map: MemoryMap;
  protected readonly spaces: readonly WorkSpace[];
  protected readonly control: Int32Array;
  readonly #format: string;

  constructor(module: WebAssembly.Module, { geometry, p, layout, readersMax, memoryBytesMax, reader, memories }: GalleryHandle) {
    const plan = planRows(geometry, p, layout);
    this.geometry = geometry;
    this.p = p;
    this.layout = layout;
    this.shifts = shiftsOf(geometry);
    this.rowBytes = plan.rowBytes;
    this.coordinates = coordinatesOf(geometry);
    this.map = mapMemory(plan, readersMax, memoryBytesMax);
    const shaper = createRowShaper(geometry, plan);
    this.spaces = (memories as readonly WebAssembly.Memory[]).map((memory) => new WorkSpace(module, memory, plan, this.map, shaper, reader));
    this.control = new Int32Array((memories[0] as WebAssembly.Memory).buffer, ROWS_AT, 1);
    this.#format = `${KERNEL} ${p} ${layout} ${plan.columns}x${plan.outputs}x${plan.rowBytes}`;
  }

  get rows(): number {
    return Atomics.load(this.control, 0);
  }

  prepareProbe(share: Int16Array): PreparedProbe {
    checkRow(share, this.coordinates, this.p);
    return { format: this.#format, values: this.spaces[0]!.prepare(share) };
  }

  wipeProbe(probe: PreparedProbe): void {
    probe.values.fill(0);
  }

  products(probes: readonly PreparedProbe[], fromRow: number, toRow: number, out: Uint16Array, place: ProductPlace = { outRows: toRow - fromRow, outRow: 0 }): void {
    checkRequest(probes, this.#format, this.shifts, fromRow, toRow, this.rows, out, place);
    const { rowsPerMemory } = this.map;
    this.spaces.forEach((space, i) => {
      const first = i * rowsPerMemory;
      const from = Math.max(fromRow, first);
      const to = Math.min(toRow, first + rowsPerMemory);
      if (from < to) space.products(probes, from - first, to - first, out, place.outRow + from - fromRow, place.outRows);
    });
  }
}

class WasmWriter extends WasmReader implements SharedGallery {
  readonly rowsMax: number;
  readonly #handle: GalleryHandle;
  readonly #memories: readonly WebAssembly.Memory[];
  #readers = 0;

  constructor(module: WebAssembly.Module, handle: GalleryHandle) {
    super(module, handle);
    this.rowsMax = handle.rowsMax;
    this.#handle = handle;
    this.#memories = handle.memories as readonly WebAssembly.Memory[];
  }

  append(row: Int16Array): number {
    checkRow(row, this.coordinates, this.p);
    const { rows } = this;
    if (rows >= this.rowsMax) throw outOfMemory();
    this.#reserve(rows);
    this.#put(row, rows, false);
    Atomics.store(this.control, 0, rows + 1);
    return rows;
  }

  replace(index: number, row: Int16Array): void {
    checkRow(row, this.coordinates, this.p);
    checkIndex(index, this.rows);
    this.#put(row, index, true);
  }

  handle(): GalleryHandle {
    this.#readers = nextReader(this.#readers, this.#handle.readersMax);
    return { ...this.#handle, reader: this.#readers };
  }

  #put(row: Int16Array, index: number, replaced: boolean): void {
    const { rowsPerMemory } = this.map;
    this.spaces[Math.floor(index / rowsPerMemory)]!.put(row, index % rowsPerMemory, replaced);
  }

  /** Makes room for the tile of row `index`. */
  #reserve(index: number): void {
    const { rowsPerMemory, tilesAt, tileBytes } = this.map;
    if (index % ROWS_PER_TILE) return;
    const memory = this.#memories[Math.floor(index / rowsPerMemory)]!;
    const end = tilesAt + (Math.floor((index % rowsPerMemory) / ROWS_PER_TILE) + 1) * tileBytes;
    const missing = Math.ceil(end / PAGE_BYTES) - memory.buffer.byteLength / PAGE_BYTES;
    if (missing <= 0) return;
    const left = pagesOf(this.map, Math.min(rowsPerMemory, this.rowsMax)) - memory.buffer.byteLength / PAGE_BYTES;
    try {
      memory.grow(Math.max(missing, Math.min(GROWTH_PAGES, left)));
    } catch (cause) {
      throw outOfMemory(cause);
    }
  }
}

/** Pages of a memory with so many rows. */
const pagesOf = ({ tilesAt, tileBytes }: MemoryMap, rows: number): number => Math.ceil((tilesAt + Math.ceil(rows / ROWS_PER_TILE) * tileBytes) / PAGE_BYTES);

export function createWasmGallery(module: WebAssembly.Module, options: GalleryOptions): SharedGallery {
  const checked = checkOptions(options);
  const { geometry, p, readersMax, memoryBytesMax } = checked;
  const plan = planRows(geometry, p, checked.layout);
  const map = mapMemory(plan, readersMax, memoryBytesMax);
  const rowsMax = checked.rowsMax ?? map.rowsPerMemory;
  if (map.rowsPerMemory < 1) throw outOfMemory();
  const maximum = pagesOf(map, Math.min(rowsMax, map.rowsPerMemory));
  let memories: WebAssembly.Memory[];
  try {
    memories = Array.from({ length: Math.ceil(rowsMax / map.rowsPerMemory) }, () => new WebAssembly.Memory({ initial: map.tilesAt / PAGE_BYTES, maximum, shared: true }));
  } catch (cause) {
    throw outOfMemory(cause);
  }
  for (const memory of memories) writeTables(memory, map, plan, p);
  return new WasmWriter(module, { kernel: KERNEL, geometry, p, layout: plan.layout, rowsMax, readersMax, memoryBytesMax, reader: 0, memories });
}

export function attachWasmGallery(module: WebAssembly.Module, handle: GalleryHandle): GalleryReader {
  if (handle.kernel !== KERNEL) throw foreignHandle();
  return new WasmReader(module, handle);
}

function writeTables({ buffer }: WebAssembly.Memory, map: MemoryMap, { evaluations }: RowPlan, p: number): void {
  if (!evaluations) return;
  const write = ({ at, bytes }: Region, values: Int16Array): void => new Int16Array(buffer, at, bytes / 2).set(values);
  const { row, probe, weights } = toomCook(evaluations, p);
  write(map.rowMatrix, row);
  write(map.probeMatrix, probe);
  write(map.weights, weights);
}
