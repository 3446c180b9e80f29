import { checkModulus, dimensions } from './errors.ts';
import { type GalleryHandle, type GalleryOptions, type GalleryReader, type SharedGallery } from './gallery.ts';

/**
 * The local product of the protocol: inner products over F_p, no communication.
 * Inputs are balanced residues in [−(p−1)/2, (p−1)/2]; that range is the caller's duty and isn't checked, since
 * checking would cost as much as multiplying. p is 8191 or 65521.
 */
export interface Kernel {
  readonly name: string;
  /**
   * @param probes shifts × coordinates, row-major
   * @param gallery rows × coordinates, row-major
   * @returns rows × shifts, row-major, canonical residues in [0, p)
   * @throws BoopError `kernel.dimensions` when lengths don't match, `kernel.modulus` for another p
   */
  innerProducts(probes: Int16Array, shifts: number, gallery: Int16Array, rows: number, coordinates: number, p: number): Uint16Array;
  /**
   * An empty gallery in shared memory, with this thread as its writer.
   * @throws BoopError `kernel.dimensions`, `kernel.modulus`, `kernel.out-of-memory`
   */
  createGallery(options: GalleryOptions): SharedGallery;
  /** An empty gallery of plain rows in memory of its own, for one thread. */
  createGallery(coordinates: number, p: number): Gallery;
  /** The gallery of another thread. Throws BoopError `kernel.handle` for a handle of another kernel. */
  attachGallery(handle: GalleryHandle): GalleryReader;
}

/** Rows kept where the kernel multiplies, numbered from 0 in the order of their arrival. */
export interface Gallery {
  readonly coordinates: number;
  readonly p: number;
  readonly rows: number;
  /** Copies one row of balanced residues; returns its number. A new row is visible to the next call. */
  append(row: Int16Array): number;
  /** Puts other residues in place of a row, all zeros to erase it. */
  replace(index: number, row: Int16Array): void;
  /** As {@link Kernel.innerProducts} for rows fromRow ≤ row < toRow. */
  innerProducts(probes: Int16Array, shifts: number, fromRow: number, toRow: number): Uint16Array;
}

/** Inner products whose partial sums stay below 2^31 and 2^53 in both kernels. */
const COORDINATES_MAX = 1 << 16;
const SHIFTS_MAX = 1024;

export function checkShape(coordinates: number, p: number): void {
  checkModulus(p);
  if (!Number.isInteger(coordinates) || coordinates < 1 || coordinates > COORDINATES_MAX) throw dimensions();
}

export function checkProbes(probes: Int16Array, shifts: number, coordinates: number): void {
  if (!Number.isInteger(shifts) || shifts < 1 || shifts > SHIFTS_MAX || probes.length !== shifts * coordinates) throw dimensions();
}

export function checkRange(fromRow: number, toRow: number, rows: number): void {
  if (!Number.isInteger(fromRow) || !Number.isInteger(toRow) || fromRow < 0 || toRow < fromRow || toRow > rows) throw dimensions();
}
