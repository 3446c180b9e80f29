import { type RowGeometry } from './geometry.ts';

/** Probes that share one pass over the rows. */
export const PROBES_MAX = 8;

/**
 * `plain` keeps the coordinates as they are, one multiplication per coordinate and shift. `evaluations` keeps each line of
 * pixels as the values of a polynomial (Toom-Cook), so that all horizontal shifts of a line cost one multiplication per
 * point; a grid with several dx only. `auto` takes what multiplies less.
 */
export type RowLayout = 'plain' | 'evaluations';

export interface GalleryOptions {
  readonly geometry: RowGeometry;
  /** 8191 or 65521. */
  readonly p: number;
  readonly layout?: RowLayout | 'auto';
  /** Address space is reserved for so many rows (memory as they come); by default what one memory holds. */
  readonly rowsMax?: number;
  /** Threads besides the writer's that may be attached. Default 8. */
  readonly readersMax?: number;
  /** Size of each WebAssembly.Memory at most; default just below 4 GiB. */
  readonly memoryBytesMax?: number;
}

/** A share of a probe, shifted and laid out for one geometry, field and layout; may be sent to other threads. Secret: {@link GalleryReader.wipeProbe}. */
export interface PreparedProbe {
  readonly format: string;
  readonly values: Int16Array;
}

/** Where in `out` products go, when a call computes a part of what it will hold: rows that `out` is for, and the first one of this call among them. */
export interface ProductPlace {
  readonly outRows: number;
  readonly outRow: number;
}

/** The right of one thread to read a gallery; passes through `postMessage`. Two live threads must not share one. */
export interface GalleryHandle {
  readonly kernel: string;
  readonly geometry: RowGeometry;
  readonly p: number;
  readonly layout: RowLayout;
  readonly rowsMax: number;
  readonly readersMax: number;
  readonly memoryBytesMax: number;
  /** Number of the work space of this reader. */
  readonly reader: number;
  readonly memories: readonly (WebAssembly.Memory | SharedArrayBuffer)[];
}

/** Rows in shared memory, numbered from 0 in the order of their arrival, as one thread sees them. */
export interface GalleryReader {
  readonly geometry: RowGeometry;
  readonly p: number;
  readonly layout: RowLayout;
  /** Products per probe and row. */
  readonly shifts: number;
  /** Bytes that a row takes in memory. */
  readonly rowBytes: number;
  /** Rows that may be read; grows at any time, in whole rows. */
  readonly rows: number;
  /**
   * @param share balanced residues of p, weights of the statistic multiplied in
   * @throws BoopError `kernel.dimensions`, `kernel.range`
   */
  prepareProbe(share: Int16Array): PreparedProbe;
  wipeProbe(probe: PreparedProbe): void;
  /**
   * ⟨probe at shift, row⟩ mod p, canonical, shift-major per probe:
   * `out[(probe · shifts + shift) · outRows + outRow + row − fromRow]`; unless `place` says otherwise, outRows is toRow − fromRow and outRow 0.
   * Work space is wiped before it returns.
   * A row that is replaced meanwhile is read before or after, never in between.
   * @param probes 1 to 8
   * @throws BoopError `kernel.dimensions`; `kernel.busy` when the work space is in use by another thread
   */
  products(probes: readonly PreparedProbe[], fromRow: number, toRow: number, out: Uint16Array, place?: ProductPlace): void;
}

/** The one writer of a gallery. */
export interface SharedGallery extends GalleryReader {
  readonly rowsMax: number;
  /** Copies a row of balanced residues; visible to every thread before this returns. @throws also `kernel.out-of-memory` */
  append(row: Int16Array): number;
  /** Puts other residues in place of a row, zeros to erase it. */
  replace(index: number, row: Int16Array): void;
  /** A handle for one more thread; a thread that takes the place of a dead one may have its handle. @throws BoopError `kernel.readers` */
  handle(): GalleryHandle;
}
