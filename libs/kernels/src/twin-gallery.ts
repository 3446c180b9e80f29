import { dimensions } from './errors.ts';
import { type GalleryHandle, type GalleryOptions, type GalleryReader, type PreparedProbe, type ProductPlace, type RowLayout, type SharedGallery } from './gallery.ts';
import { coordinatesOf, type RowGeometry, shiftSources, shiftsOf } from './geometry.ts';
import { checkIndex, checkOptions, checkRequest, checkRow, foreignHandle, nextReader, outOfMemory } from './shared-rows.ts';

/** Byte offsets: the count of rows, then rows of a version word and the coordinates. */
const ROWS_AT = 64;
const VERSION_BYTES = 4;
const GROWTH_ROWS = 64;

/** Rows as they are, products by the definition: what the WASM kernel is held to. Both layouts are stored alike. */
class TwinReader implements GalleryReader {
  readonly geometry: RowGeometry;
  readonly p: number;
  readonly layout: RowLayout;
  readonly shifts: number;
  readonly rowBytes: number;
  protected readonly coordinates: number;
  protected readonly buffer: SharedArrayBuffer;
  protected readonly words: Int32Array;
  readonly #format: string;

  constructor({ geometry, p, layout, memories }: Pick<GalleryHandle, 'geometry' | 'p' | 'layout' | 'memories'>) {
    this.geometry = geometry;
    this.p = p;
    this.layout = layout;
    this.shifts = shiftsOf(geometry);
    this.coordinates = coordinatesOf(geometry);
    this.rowBytes = twinRowBytes(geometry);
    this.buffer = memories[0] as SharedArrayBuffer;
    this.words = new Int32Array(this.buffer);
    this.#format = `typescript ${p} ${this.coordinates}x${this.shifts}`;
  }

  get rows(): number {
    return Atomics.load(this.words, 0);
  }

  prepareProbe(share: Int16Array): PreparedProbe {
    checkRow(share, this.coordinates, this.p);
    const { geometry, coordinates } = this;
    if (geometry.kind === 'vector') return { format: this.#format, values: Int16Array.from(share) };
    const values = new Int16Array(this.shifts * coordinates);
    geometry.shifts.forEach((shift, s) => {
      shiftSources(geometry, shift).forEach((from, i) => {
        if (from >= 0) values[s * coordinates + i] = share[from]!;
      });
    });
    return { format: this.#format, values };
  }

  wipeProbe(probe: PreparedProbe): void {
    probe.values.fill(0);
  }

  products(probes: readonly PreparedProbe[], fromRow: number, toRow: number, out: Uint16Array, place: ProductPlace = { outRows: toRow - fromRow, outRow: 0 }): void {
    checkRequest(probes, this.#format, this.shifts, fromRow, toRow, this.rows, out, place);
    const copy = new Int16Array(this.coordinates);
    const { outRows, outRow } = place;
    for (let row = fromRow; row < toRow; row++) {
      this.#read(row, copy);
      probes.forEach(({ values }, j) => {
        for (let s = 0; s < this.shifts; s++) out[(j * this.shifts + s) * outRows + outRow + row - fromRow] = this.#product(values, s * this.coordinates, copy);
      });
    }
    copy.fill(0);
  }

  /** A copy between two equal, even versions is whole. */
  #read(row: number, copy: Int16Array): void {
    const version = (ROWS_AT + row * this.rowBytes) >> 2;
    for (;;) {
      const before = Atomics.load(this.words, version);
      if (before & 1) continue;
      copy.set(this.view(row));
      if (Atomics.load(this.words, version) === before) return;
    }
  }

  protected view(row: number): Int16Array {
    return new Int16Array(this.buffer, ROWS_AT + row * this.rowBytes + VERSION_BYTES, this.coordinates);
  }

  /** Exact in doubles: 2^16 coordinates × 2^30 < 2^53. */
  #product(values: Int16Array, at: number, row: Int16Array): number {
    let sum = 0;
    for (let i = 0; i < row.length; i++) sum += values[at + i]! * row[i]!;
    const residue = sum % this.p;
    return residue < 0 ? residue + this.p : residue;
  }
}

class TwinWriter extends TwinReader implements SharedGallery {
  readonly rowsMax: number;
  readonly #readersMax: number;
  #readers = 0;

  constructor(handle: Omit<GalleryHandle, 'kernel' | 'reader'>) {
    super(handle);
    this.rowsMax = handle.rowsMax;
    this.#readersMax = handle.readersMax;
  }

  append(row: Int16Array): number {
    checkRow(row, this.coordinates, this.p);
    const { rows } = this;
    if (rows >= this.rowsMax) throw outOfMemory();
    const needed = ROWS_AT + (rows + 1) * this.rowBytes;
    if (this.buffer.byteLength < needed) growTo(this.buffer, ROWS_AT + Math.min(rows + GROWTH_ROWS, this.rowsMax) * this.rowBytes);
    this.view(rows).set(row);
    Atomics.store(this.words, 0, rows + 1);
    return rows;
  }

  replace(index: number, row: Int16Array): void {
    checkRow(row, this.coordinates, this.p);
    checkIndex(index, this.rows);
    const version = (ROWS_AT + index * this.rowBytes) >> 2;
    Atomics.add(this.words, version, 1);
    this.view(index).set(row);
    Atomics.add(this.words, version, 1);
  }

  handle(): GalleryHandle {
    this.#readers = nextReader(this.#readers, this.#readersMax);
    const { geometry, p, layout, rowsMax } = this;
    return { kernel: 'typescript', geometry, p, layout, rowsMax, readersMax: this.#readersMax, memoryBytesMax: 0, reader: this.#readers, memories: [this.buffer] };
  }
}

export function createTwinGallery(options: GalleryOptions): SharedGallery {
  const { geometry, p, layout, rowsMax, readersMax, memoryBytesMax } = checkOptions(options);
  if (geometry.kind === 'vector' && layout === 'evaluations') throw dimensions();
  const rows = rowsMax ?? Math.floor((memoryBytesMax - ROWS_AT) / twinRowBytes(geometry));
  if (rows < 1) throw outOfMemory();
  try {
    const buffer = growable(ROWS_AT, ROWS_AT + rows * twinRowBytes(geometry));
    return new TwinWriter({ geometry, p, layout: layout === 'auto' ? 'plain' : layout, rowsMax: rows, readersMax, memoryBytesMax, memories: [buffer] });
  } catch (cause) {
    throw outOfMemory(cause);
  }
}

export function attachTwinGallery(handle: GalleryHandle): GalleryReader {
  if (handle.kernel !== 'typescript') throw foreignHandle();
  return new TwinReader(handle);
}

const twinRowBytes = (geometry: RowGeometry): number => VERSION_BYTES + ((coordinatesOf(geometry) + 1) & ~1) * 2;

/** ECMAScript 2024; not yet in the library that this project compiles against. */
type Growable = new (byteLength: number, options: { maxByteLength: number }) => SharedArrayBuffer;

const growable = (byteLength: number, maxByteLength: number): SharedArrayBuffer => new (SharedArrayBuffer as unknown as Growable)(byteLength, { maxByteLength });

function growTo(buffer: SharedArrayBuffer, byteLength: number): void {
  try {
    (buffer as SharedArrayBuffer & { grow(byteLength: number): void }).grow(byteLength);
  } catch (cause) {
    throw outOfMemory(cause);
  }
}
