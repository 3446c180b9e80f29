import { dimensions } from './errors.ts';
import { type GalleryOptions, type SharedGallery } from './gallery.ts';
import { checkProbes, checkRange, checkShape, type Gallery, type Kernel } from './kernel.ts';
import { attachTwinGallery, createTwinGallery } from './twin-gallery.ts';

/**
 * The kernel in plain TypeScript: the reference, and the way out where WASM SIMD is missing. Sums are exact in doubles:
 * 2^16 coordinates × 2^30 < 2^53.
 */
export function twinKernel(): Kernel {
  function createGallery(options: GalleryOptions): SharedGallery;
  function createGallery(coordinates: number, p: number): Gallery;
  function createGallery(shape: GalleryOptions | number, p?: number): SharedGallery | Gallery {
    if (typeof shape === 'object') return createTwinGallery(shape);
    checkShape(shape, p!);
    return new TwinGallery(shape, p!);
  }
  return {
    name: 'typescript',
    innerProducts(probes, shifts, gallery, rows, coordinates, p) {
      checkShape(coordinates, p);
      checkProbes(probes, shifts, coordinates);
      if (!Number.isInteger(rows) || rows < 0 || gallery.length !== rows * coordinates) throw dimensions();
      return multiply(probes, shifts, gallery, 0, rows, coordinates, p);
    },
    createGallery,
    attachGallery: attachTwinGallery,
  };
}

class TwinGallery implements Gallery {
  readonly coordinates: number;
  readonly p: number;
  #rows = 0;
  #values: Int16Array;

  constructor(coordinates: number, p: number) {
    this.coordinates = coordinates;
    this.p = p;
    this.#values = new Int16Array(coordinates * 16);
  }

  get rows(): number {
    return this.#rows;
  }

  append(row: Int16Array): number {
    if (row.length !== this.coordinates) throw dimensions();
    if (this.#values.length < (this.#rows + 1) * this.coordinates) {
      const grown = new Int16Array(this.#values.length * 2);
      grown.set(this.#values);
      this.#values.fill(0);
      this.#values = grown;
    }
    this.#values.set(row, this.#rows * this.coordinates);
    return this.#rows++;
  }

  replace(index: number, row: Int16Array): void {
    if (row.length !== this.coordinates || !Number.isInteger(index) || index < 0 || index >= this.#rows) throw dimensions();
    this.#values.set(row, index * this.coordinates);
  }

  innerProducts(probes: Int16Array, shifts: number, fromRow: number, toRow: number): Uint16Array {
    checkProbes(probes, shifts, this.coordinates);
    checkRange(fromRow, toRow, this.#rows);
    return multiply(probes, shifts, this.#values, fromRow, toRow, this.coordinates, this.p);
  }
}

function multiply(probes: Int16Array, shifts: number, gallery: Int16Array, fromRow: number, toRow: number, coordinates: number, p: number): Uint16Array {
  const out = new Uint16Array((toRow - fromRow) * shifts);
  let at = 0;
  for (let row = fromRow; row < toRow; row++) {
    for (let shift = 0; shift < shifts; shift++) {
      let sum = 0;
      for (let i = 0, g = row * coordinates, q = shift * coordinates; i < coordinates; i++, g++, q++) sum += gallery[g]! * probes[q]!;
      const residue = sum % p;
      out[at++] = residue < 0 ? residue + p : residue;
    }
  }
  return out;
}
