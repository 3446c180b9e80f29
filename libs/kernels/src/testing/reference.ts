import { type PreparedProbe } from '../gallery.ts';
import { coordinatesOf, type GridGeometry, type RowGeometry, type Shift } from '../geometry.ts';

export const balancedVector = (length: number, p: number, next: () => number): Int16Array => Int16Array.from({ length }, () => (next() % p) - (p - 1) / 2);

/** By the definition, pixel by pixel, in exact integers: canonical products in the order of `GalleryReader.products`. */
export function exactProducts(geometry: RowGeometry, p: number, probes: readonly Int16Array[], rows: readonly Int16Array[]): number[] {
  const shifts = geometry.kind === 'vector' ? [undefined] : geometry.shifts;
  return probes.flatMap((probe) => shifts.flatMap((shift) => rows.map((row) => residue(shift ? correlate(geometry as GridGeometry, shift, probe, row) : inner(probe, row), p))));
}

/** Exact below 2^53 for as many products as a template has coordinates. */
function inner(a: Int16Array, b: Int16Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

function correlate({ rows, columns, edge, segments }: GridGeometry, { dy, dx }: Shift, probe: Int16Array, row: Int16Array): number {
  let sum = 0;
  for (const { offset, planes, planeStride, rowStride, columnStride } of segments) {
    for (let plane = 0; plane < planes; plane++) {
      for (let y = Math.max(0, dy); y < Math.min(rows, rows + dy); y++) {
        for (let x = 0; x < columns; x++) {
          let from = x - dx;
          if (edge === 'cyclic-columns') from = (from + columns) % columns;
          if (from < 0 || from >= columns) continue;
          const base = offset + plane * planeStride;
          sum += probe[base + (y - dy) * rowStride + from * columnStride]! * row[base + y * rowStride + x * columnStride]!;
        }
      }
    }
  }
  return sum;
}

export function residue(value: number | bigint, p: number): number {
  const modulus = BigInt(p);
  return Number(((BigInt(value) % modulus) + modulus) % modulus);
}

/** A grid of planes one after another. */
export function grid(planes: number, rows: number, columns: number, edge: GridGeometry['edge'], shifts: readonly Shift[]): GridGeometry {
  return { kind: 'grid', rows, columns, edge, shifts, segments: [{ offset: 0, planes, planeStride: rows * columns, rowStride: columns, columnStride: 1 }] };
}

export const filledProbe = (probe: PreparedProbe, value: number): PreparedProbe => ({ format: probe.format, values: new Int16Array(probe.values.length).fill(value) });

export const zerosFor = (geometry: RowGeometry): Int16Array => new Int16Array(coordinatesOf(geometry));
