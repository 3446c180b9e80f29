/** One block of a gallery scan. */
export interface RowBlock {
  readonly index: number;
  readonly fromRow: number;
  readonly rows: number;
}

/** Blocks from `firstBlock` on, every `stride`-th: how shards and flights share a gallery, the same at every node. */
export function* rowBlocks(rows: number, blockRows: number, firstBlock: number, stride: number): Generator<RowBlock> {
  for (let index = firstBlock; index * blockRows < rows; index += stride) {
    const fromRow = index * blockRows;
    yield { index, fromRow, rows: Math.min(blockRows, rows - fromRow) };
  }
}

const laneGroup = 32;

/** Lanes that this many comparisons take. */
export const lanesOf = (comparisons: number): number => Math.ceil(comparisons / laneGroup) * laneGroup;

const groupRows = 128;

/** Rows per block for about `blockLanes` lanes, whole groups of 128 where they fit, so that slices of shifts are aligned. */
export function blockRowsFor(blockLanes: number, lanesPerRow: number): number {
  const rows = Math.max(1, Math.floor(blockLanes / lanesPerRow));
  return rows < groupRows ? rows : rows - (rows % groupRows);
}
