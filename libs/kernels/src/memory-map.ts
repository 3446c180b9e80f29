import { PROBES_MAX } from './gallery.ts';
import { ROWS_PER_TILE, type RowPlan, SUM_STRIDE, TILE_TAIL_BYTES } from './row-plan.ts';
import { vecs } from './toom-cook.ts';

export const PAGE_BYTES = 1 << 16;
/** Tiles multiplied between two copies of the products. */
export const BATCH_TILES = 32;
/** Between products of one output: a line more than the batch spreads the outputs over the sets of the cache. */
export const OUT_STRIDE = BATCH_TILES * ROWS_PER_TILE * 2 + 64;
/** Byte offset of the count of rows, in the first memory. */
export const ROWS_AT = 64;
const TABLES_AT = 1024;

export interface Region {
  readonly at: number;
  readonly bytes: number;
}

/** Where things lie in each memory of a gallery: tables, a work space per thread, then tiles. All threads derive the same map. */
export interface MemoryMap {
  readonly rowMatrix: Region;
  readonly probeMatrix: Region;
  readonly weights: Region;
  readonly tilesAt: number;
  readonly tileBytes: number;
  readonly rowsPerMemory: number;
  workSpace(thread: number): WorkSpaceMap;
}

/** Regions relative to the memory. `pass` begins with the lock. */
export interface WorkSpaceMap {
  readonly pass: Region;
  readonly points: Region;
  readonly lines: Region;
  readonly row: Region;
  readonly sums: Region;
  readonly queries: Region;
  readonly out: Region;
}

export function mapMemory(plan: RowPlan, readersMax: number, memoryBytesMax: number): MemoryMap {
  const { evaluations, groups, outputs } = plan;
  const points = groups * 4;
  const take = cursor(TABLES_AT);
  const rowMatrix = take(evaluations ? points * vecs(evaluations.grid.columns) * 16 : 0);
  const probeMatrix = take(evaluations ? points * vecs(evaluations.points) * 16 : 0);
  const weights = take(evaluations ? outputs * vecs(points) * 16 : 0);
  const spacesAt = take(0).at;
  const spaceBytes = mapWorkSpace(plan, 0).end;
  const tilesAt = Math.ceil((spacesAt + spaceBytes * (readersMax + 1)) / PAGE_BYTES) * PAGE_BYTES;
  const tileBytes = plan.rowBytes * ROWS_PER_TILE + TILE_TAIL_BYTES;
  const rowsPerMemory = Math.max(0, Math.floor((memoryBytesMax - tilesAt) / tileBytes)) * ROWS_PER_TILE;
  return { rowMatrix, probeMatrix, weights, tilesAt, tileBytes, rowsPerMemory, workSpace: (thread) => mapWorkSpace(plan, spacesAt + thread * spaceBytes) };
}

function mapWorkSpace(plan: RowPlan, at: number): WorkSpaceMap & { end: number } {
  const { evaluations, groups, columns, outputs, rowBytes } = plan;
  const take = cursor(at);
  const queries = paddedQueries(plan, columns * PROBES_MAX);
  const lineBytes = evaluations ? vecs(Math.max(evaluations.points, evaluations.grid.columns)) * 16 : 0;
  return {
    pass: take(256),
    points: take(evaluations ? vecs(groups * 4) * 64 : 0),
    lines: take(evaluations ? (evaluations.lines + 1) * lineBytes : 0),
    row: take(rowBytes),
    sums: take(groups * queries * SUM_STRIDE),
    queries: take(queries * rowBytes),
    out: take(columns * PROBES_MAX * outputs * OUT_STRIDE),
    end: take(0).at,
  };
}

/** Queries in whole register blocks. */
export const paddedQueries = ({ blockQueries }: RowPlan, queries: number): number => Math.ceil(queries / blockQueries) * blockQueries;

function cursor(start: number): (bytes: number) => Region {
  let at = start;
  return (bytes) => {
    const region = { at, bytes };
    at = (at + bytes + 63) & ~63;
    return region;
  };
}
