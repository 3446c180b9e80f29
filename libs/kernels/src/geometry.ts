import { dimensions } from './errors.ts';

/** Coordinates without a place: one product per probe and row. */
export interface VectorGeometry {
  readonly kind: 'vector';
  readonly coordinates: number;
}

/**
 * Planes of rows × columns pixels: coordinate `offset + plane·planeStride + y·rowStride + x·columnStride`. A template may
 * hold several such segments (a code, then its mask); together they cover every coordinate once.
 */
export interface GridSegment {
  readonly offset: number;
  readonly planes: number;
  readonly planeStride: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/** Pixel (y, x) of the shifted probe comes from (y − dy, x − dx). */
export interface Shift {
  readonly dy: number;
  readonly dx: number;
}

export interface GridGeometry {
  readonly kind: 'grid';
  readonly rows: number;
  readonly columns: number;
  /** What enters where a shift leaves the picture: zeros, or the other end of the same row (polar pictures). Rows never wrap. */
  readonly edge: 'zero' | 'cyclic-columns';
  readonly segments: readonly GridSegment[];
  /** In the order of the products; no two alike; |dy| < rows, |dx| < columns. */
  readonly shifts: readonly Shift[];
}

/** How the coordinates of a template lie and how a probe is shifted: what a modality is to the kernels. */
export type RowGeometry = VectorGeometry | GridGeometry;

/** One line of pixels: coordinates `start + x·stride`, 0 ≤ x < columns. */
export interface Line {
  readonly start: number;
  readonly stride: number;
  /** Number of this line within its plane. */
  readonly y: number;
}

/** Products whose partial sums stay in their registers; see `assembly/`. */
export const COORDINATES_MAX = 1 << 16;
export const SHIFTS_MAX = 256;

export const coordinatesOf = (geometry: RowGeometry): number =>
  geometry.kind === 'vector' ? geometry.coordinates : geometry.segments.reduce((sum, { planes }) => sum + planes, 0) * geometry.rows * geometry.columns;

export const shiftsOf = (geometry: RowGeometry): number => (geometry.kind === 'vector' ? 1 : geometry.shifts.length);

/** The lines of a grid, plane after plane, top to bottom. */
export function linesOf(geometry: GridGeometry): Line[] {
  return geometry.segments.flatMap(({ offset, planes, planeStride, rowStride, columnStride }) =>
    Array.from({ length: planes * geometry.rows }, (_, i) => {
      const y = i % geometry.rows;
      return { start: offset + Math.floor(i / geometry.rows) * planeStride + y * rowStride, stride: columnStride, y };
    }),
  );
}

/** For each coordinate of the shifted probe the coordinate that it comes from, or −1 for zero. */
export function shiftSources(geometry: GridGeometry, { dy, dx }: Shift): Int32Array {
  const { rows, columns, edge } = geometry;
  const sources = new Int32Array(coordinatesOf(geometry)).fill(-1);
  const lines = linesOf(geometry);
  lines.forEach(({ start, stride, y }, i) => {
    if (y - dy < 0 || y - dy >= rows) return;
    const from = lines[i - dy]!;
    for (let x = 0; x < columns; x++) {
      const source = edge === 'cyclic-columns' ? (x - dx + columns) % columns : x - dx;
      if (source >= 0 && source < columns) sources[start + x * stride] = from.start + source * stride;
    }
  });
  return sources;
}

/** Throws BoopError `kernel.dimensions` unless the geometry is sound. */
export function checkGeometry(geometry: RowGeometry): void {
  const coordinates = coordinatesOf(geometry);
  if (!isCount(coordinates) || coordinates > COORDINATES_MAX) throw dimensions();
  if (geometry.kind === 'vector') return;
  const { rows, columns, shifts, segments } = geometry;
  if (!isCount(rows) || !isCount(columns) || !shifts.length || shifts.length > SHIFTS_MAX || !segments.every(({ planes }) => isCount(planes))) throw dimensions();
  const inside = ({ dy, dx }: Shift): boolean => Number.isInteger(dy) && Number.isInteger(dx) && Math.abs(dy) < rows && Math.abs(dx) < columns;
  if (!shifts.every(inside) || new Set(shifts.map(({ dy, dx }) => `${dy} ${dx}`)).size < shifts.length) throw dimensions();
  const covered = new Uint8Array(coordinates);
  for (const { start, stride } of linesOf(geometry)) for (let x = 0; x < columns; x++) covered[start + x * stride] = 1;
  if (covered.includes(0)) throw dimensions();
}

const isCount = (value: number): boolean => Number.isInteger(value) && value > 0;
