import { BoopError } from '@boop/shared';
import { checkBalanced, checkModulus, dimensions } from './errors.ts';
import { type GalleryOptions, type PreparedProbe, PROBES_MAX, type ProductPlace } from './gallery.ts';
import { checkGeometry } from './geometry.ts';

export const MEMORY_BYTES_MAX = 65_535 * 65_536;
const READERS_MAX = 8;

/** Options with defaults, checked; rowsMax stays open. */
export function checkOptions({ geometry, p, layout = 'auto', rowsMax, readersMax = READERS_MAX, memoryBytesMax = MEMORY_BYTES_MAX }: GalleryOptions) {
  checkModulus(p);
  checkGeometry(geometry);
  if (rowsMax !== undefined && !(Number.isSafeInteger(rowsMax) && rowsMax > 0)) throw dimensions();
  if (!Number.isInteger(readersMax) || readersMax < 0 || readersMax > 256) throw dimensions();
  if (!Number.isInteger(memoryBytesMax) || memoryBytesMax < 0 || memoryBytesMax > MEMORY_BYTES_MAX) throw dimensions();
  return { geometry, p, layout, rowsMax, readersMax, memoryBytesMax };
}

export function checkRow(row: Int16Array, coordinates: number, p: number): void {
  if (row.length !== coordinates) throw dimensions();
  checkBalanced(row, p);
}

export function checkIndex(index: number, rows: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= rows) throw dimensions();
}

export function checkRequest(probes: readonly PreparedProbe[], format: string, shifts: number, fromRow: number, toRow: number, rows: number, out: Uint16Array, { outRows, outRow }: ProductPlace): void {
  if (probes.length < 1 || probes.length > PROBES_MAX || !probes.every((probe) => probe.format === format)) throw dimensions();
  if (!Number.isInteger(fromRow) || !Number.isInteger(toRow) || fromRow < 0 || toRow < fromRow || toRow > rows) throw dimensions();
  if (!Number.isInteger(outRows) || !Number.isInteger(outRow) || outRow < 0 || outRow + toRow - fromRow > outRows) throw dimensions();
  if (out.length < probes.length * shifts * outRows) throw dimensions();
}

export const outOfMemory = (cause?: unknown): BoopError => new BoopError('kernel.out-of-memory', 'no memory left for more rows', { kind: 'unavailable', cause });

export const foreignHandle = (): BoopError => new BoopError('kernel.handle', 'the handle belongs to another kernel', { kind: 'fatal' });

export function nextReader(given: number, readersMax: number): number {
  if (given >= readersMax) throw new BoopError('kernel.readers', 'no more threads may be attached to this gallery', { kind: 'fatal' });
  return given + 1;
}
