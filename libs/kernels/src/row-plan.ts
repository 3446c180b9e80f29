import { dimensions } from './errors.ts';
import { type RowLayout } from './gallery.ts';
import { coordinatesOf, type GridGeometry, linesOf, type RowGeometry, shiftsOf } from './geometry.ts';

/** Sums of four products fit in 32 bits over so many points; see `assembly/gallery.ts`. */
const POINTS_MAX = 256;
/** Steps of a chunk: p = 8191 by the bound of its sums, p = 65521 by what stays in the first cache. */
const CHUNK_STEPS_MAX = { narrow: 64, wide: 256 };
const UNROLL = 4;
export const ROWS_PER_TILE = 32;
export const TILE_TAIL_BYTES = 64;
/** Bytes from one query's sums to the next, as in the register blocks. */
export const SUM_STRIDE = (ROWS_PER_TILE + 1) * 16;

/** How all rows of a gallery are stored and multiplied. Terms as in `assembly/gallery.ts`. */
export interface RowPlan {
  readonly layout: RowLayout;
  readonly wide: boolean;
  /** Queries that a probe becomes: one per shift, or one per dy. */
  readonly columns: number;
  /** Products that a query yields: one, or one per dx. */
  readonly outputs: number;
  readonly groups: number;
  readonly chunks: number;
  readonly chunkSteps: number;
  readonly blockQueries: number;
  readonly blockRows: number;
  readonly rowBytes: number;
  /** Of each shift. */
  readonly places: readonly { readonly column: number; readonly output: number }[];
  readonly evaluations?: EvaluationPlan;
}

/** Toom-Cook: `outputs` neighbouring dx of lines of `columns` pixels by `points` = outputs + columns − 1 products. */
export interface EvaluationPlan {
  readonly grid: GridGeometry;
  readonly points: number;
  readonly outputs: number;
  /** The dy of each query. */
  readonly dys: readonly number[];
  readonly dxMax: number;
  readonly lines: number;
}

export function planRows(geometry: RowGeometry, p: number, layout: RowLayout | 'auto'): RowPlan {
  const wide = p > 8191;
  const evaluations = layout === 'plain' ? undefined : planEvaluations(geometry);
  if (layout === 'evaluations' && !evaluations) throw dimensions();
  const coordinates = coordinatesOf(geometry);
  if (evaluations && (layout === 'evaluations' || multiplications(evaluations) < shiftsOf(geometry) * coordinates)) {
    const { grid, points, outputs, dys, dxMax, lines } = evaluations;
    const places = grid.shifts.map(({ dy, dx }) => ({ column: dys.indexOf(dy), output: dxMax - dx }));
    return { ...shape(wide, dys.length, Math.ceil(points / 4), Math.ceil(lines / 2)), layout: 'evaluations', outputs, places, evaluations };
  }
  const shifts = shiftsOf(geometry);
  const places = Array.from({ length: shifts }, (_, column) => ({ column, output: 0 }));
  return { ...shape(wide, shifts, 1, Math.ceil(coordinates / 8)), layout: 'plain', outputs: 1, places };
}

function planEvaluations(geometry: RowGeometry): EvaluationPlan | undefined {
  if (geometry.kind === 'vector') return undefined;
  const dxs = geometry.shifts.map(({ dx }) => dx);
  const dxMax = Math.max(...dxs);
  const outputs = dxMax - Math.min(...dxs) + 1;
  const points = outputs + geometry.columns - 1;
  if (outputs < 2 || points > POINTS_MAX) return undefined;
  const dys = [...new Set(geometry.shifts.map(({ dy }) => dy))];
  return { grid: geometry, points, outputs, dys, dxMax, lines: linesOf(geometry).length };
}

const multiplications = ({ points, outputs, dys, lines }: EvaluationPlan): number => dys.length * points * (lines + outputs);

function shape(wide: boolean, columns: number, groups: number, steps: number) {
  const chunks = Math.ceil(steps / (wide ? CHUNK_STEPS_MAX.wide : CHUNK_STEPS_MAX.narrow));
  const chunkSteps = Math.ceil(Math.ceil(steps / chunks) / UNROLL) * UNROLL;
  const [blockQueries, blockRows] = wide ? [1, 4] : columns > 2 ? [5, 2] : [1, 8];
  return { wide, columns, groups, chunks, chunkSteps, blockQueries: blockQueries!, blockRows: blockRows!, rowBytes: groups * chunks * chunkSteps * 16 };
}
