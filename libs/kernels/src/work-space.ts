import { BoopError } from '@boop/shared';
import { dimensions } from './errors.ts';
import { type PreparedProbe } from './gallery.ts';
import { BATCH_TILES, type MemoryMap, OUT_STRIDE, paddedQueries, type Region, type WorkSpaceMap } from './memory-map.ts';
import { ROWS_PER_TILE, type RowPlan, SUM_STRIDE } from './row-plan.ts';
import { type RowShaper } from './row-shaper.ts';
import { vecs } from './toom-cook.ts';

/** Exports of assembly/gallery.ts. Addresses are byte offsets into the imported memory. */
interface GalleryExports {
  products(pass: number): void;
  evaluate(lines: number, pairs: number, vecs: number, matrix: number, groups: number, target: number, groupBytes: number, wide: number): void;
  interleave(source: number, target: number, index: number, width: number, blocks: number, chunks: number, chunkSteps: number): void;
  replace(source: number, tile: number, tileBytes: number, index: number, width: number, chunks: number, chunkSteps: number): void;
  wipe(at: number, bytes: number): void;
}

/** Bytes from a work space's lock to the parameters of a pass. */
const PASS_OFFSET = 64;

/** One thread at one memory of a gallery: shapes rows and probes and multiplies, in a work space that is wiped after each use. */
export class WorkSpace {
  readonly #plan: RowPlan;
  readonly #map: MemoryMap;
  readonly #space: WorkSpaceMap;
  readonly #shaper: RowShaper;
  readonly #exports: GalleryExports;
  readonly #words: Int32Array;
  readonly #buffer: ArrayBufferLike;

  constructor(module: WebAssembly.Module, memory: WebAssembly.Memory, plan: RowPlan, map: MemoryMap, shaper: RowShaper, thread: number) {
    this.#plan = plan;
    this.#map = map;
    this.#shaper = shaper;
    this.#space = map.workSpace(thread);
    this.#exports = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as GalleryExports;
    // Work spaces lie in the first pages, which these views keep when the memory grows; tiles are touched by WASM code only.
    this.#buffer = memory.buffer;
    this.#words = new Int32Array(this.#buffer);
    Atomics.store(this.#words, this.#lock, 0);
  }

  /** Writes row `index` of this memory; with `replaced`, so that no reader takes a mixture of both. */
  put(row: Int16Array, index: number, replaced: boolean): void {
    const { blockRows, groups, chunks, chunkSteps } = this.#plan;
    const tile = this.#map.tilesAt + Math.floor(index / ROWS_PER_TILE) * this.#map.tileBytes;
    const within = index % ROWS_PER_TILE;
    this.#locked(() => {
      this.#shape((target) => this.#shaper.row(row, target), this.#map.rowMatrix, this.#plan.evaluations?.grid.columns);
      if (replaced) this.#exports.replace(this.#space.row.at, tile, this.#map.tileBytes, within, blockRows, groups * chunks, chunkSteps);
      else this.#exports.interleave(this.#space.row.at, tile, within, blockRows, ROWS_PER_TILE / blockRows, groups * chunks, chunkSteps);
    });
  }

  /** A query per column, each as long as a row. */
  prepare(share: Int16Array): Int16Array<ArrayBuffer> {
    const { columns, rowBytes, evaluations } = this.#plan;
    const out = new Int16Array((columns * rowBytes) / 2);
    for (let column = 0; column < columns; column++) {
      this.#locked(() => {
        this.#shape((target) => this.#shaper.probe(share, column, target), this.#map.probeMatrix, evaluations?.points);
        out.set(this.#values(this.#space.row), (column * rowBytes) / 2);
      });
    }
    return out;
  }

  /**
   * Products with rows fromRow ≤ row < toRow of this memory, into
   * `out[(probe · shifts + shift) · outRows + outRow + row − fromRow]`.
   */
  products(probes: readonly PreparedProbe[], fromRow: number, toRow: number, out: Uint16Array, outRow: number, outRows: number): void {
    if (fromRow === toRow) return;
    this.#locked(() => this.#pass(probes, fromRow, toRow, out, outRow, outRows));
  }

  #pass(probes: readonly PreparedProbe[], fromRow: number, toRow: number, out: Uint16Array, outRow: number, outRows: number): void {
    try {
      this.#load(probes);
      const firstTile = Math.floor(fromRow / ROWS_PER_TILE);
      const tilesEnd = Math.ceil(toRow / ROWS_PER_TILE);
      for (let tile = firstTile; tile < tilesEnd; tile += BATCH_TILES) {
        const tiles = Math.min(BATCH_TILES, tilesEnd - tile);
        const from = Math.max(fromRow, tile * ROWS_PER_TILE);
        const to = Math.min(toRow, (tile + tiles) * ROWS_PER_TILE);
        this.#multiply(probes.length, tile, tiles, from, to);
        this.#collect(probes.length, from - tile * ROWS_PER_TILE, to - from, out, outRow + from - fromRow, outRows);
      }
    } finally {
      this.#wipeProducts(probes.length);
    }
  }

  get #lock(): number {
    return this.#space.pass.at >> 2;
  }

  /** Runs `work` as the only user of this work space, and wipes what it leaves. */
  #locked(work: () => void): void {
    if (Atomics.compareExchange(this.#words, this.#lock, 0, 1) !== 0) throw new BoopError('kernel.busy', 'another thread uses this work space', { kind: 'fatal' });
    try {
      work();
    } finally {
      this.#wipe(this.#space.lines);
      this.#wipe(this.#space.row);
      Atomics.store(this.#words, this.#lock, 0);
    }
  }

  /** A row or query into the row region, through evaluation at the points where the plan says so. */
  #shape(write: (target: Int16Array) => void, matrix: Region, length: number | undefined): void {
    const { evaluations, groups, chunks, chunkSteps, wide } = this.#plan;
    const { lines, row } = this.#space;
    if (!evaluations || length === undefined) return write(this.#values(row));
    write(this.#values(lines));
    this.#exports.evaluate(lines.at, Math.ceil(evaluations.lines / 2), vecs(length), matrix.at, groups, row.at, chunks * chunkSteps * 16, Number(wide));
  }

  #load(probes: readonly PreparedProbe[]): void {
    const { columns, rowBytes, blockQueries, groups, chunks, chunkSteps } = this.#plan;
    const blocks = paddedQueries(this.#plan, probes.length * columns) / blockQueries;
    const row = this.#values(this.#space.row);
    probes.forEach(({ values }, j) => {
      if (values.length !== (columns * rowBytes) / 2) throw dimensions();
      for (let column = 0; column < columns; column++) {
        row.set(values.subarray((column * rowBytes) / 2, ((column + 1) * rowBytes) / 2));
        this.#exports.interleave(this.#space.row.at, this.#space.queries.at, j * columns + column, blockQueries, blocks, groups * chunks, chunkSteps);
      }
    });
  }

  #multiply(probes: number, tile: number, tiles: number, from: number, to: number): void {
    const { wide, columns, outputs, groups, chunks, chunkSteps, blockQueries, blockRows, evaluations } = this.#plan;
    const { pass, points, sums, queries, out } = this.#space;
    const { tilesAt, tileBytes, weights } = this.#map;
    const blocks = paddedQueries(this.#plan, probes * columns) / blockQueries;
    const firstEight = (from - tile * ROWS_PER_TILE) >> 3;
    const lastEight = Math.ceil((to - (tile + tiles - 1) * ROWS_PER_TILE) / 8);
    // In the order of class Pass.
    this.#words.set(
      [Number(wide), tilesAt + tile * tileBytes, tileBytes, tiles, firstEight, lastEight, queries.at, blocks, blockQueries, blockRows, groups, chunks, chunkSteps]
        .concat([sums.at, probes * columns, evaluations ? outputs : 0, weights.at, vecs(groups * 4), points.at, out.at, OUT_STRIDE]),
      (pass.at + PASS_OFFSET) >> 2,
    );
    this.#exports.products(pass.at + PASS_OFFSET);
  }

  #collect(probes: number, firstRow: number, rows: number, out: Uint16Array, outRow: number, outRows: number): void {
    const { columns, outputs, places } = this.#plan;
    for (let j = 0; j < probes; j++) {
      places.forEach(({ column, output }, shift) => {
        const at = this.#space.out.at + ((j * columns + column) * outputs + output) * OUT_STRIDE + firstRow * 2;
        out.set(new Uint16Array(this.#buffer, at, rows), (j * places.length + shift) * outRows + outRow);
      });
    }
  }

  /** Queries, sums and products outlive no call. */
  #wipeProducts(probes: number): void {
    const { columns, outputs, groups, rowBytes } = this.#plan;
    const { points, sums, queries, out } = this.#space;
    const padded = paddedQueries(this.#plan, probes * columns);
    this.#wipe(points);
    this.#wipe({ at: sums.at, bytes: groups * padded * SUM_STRIDE });
    this.#wipe({ at: queries.at, bytes: padded * rowBytes });
    this.#wipe({ at: out.at, bytes: probes * columns * outputs * OUT_STRIDE });
  }

  #values({ at, bytes }: Region): Int16Array {
    return new Int16Array(this.#buffer, at, bytes / 2);
  }

  #wipe({ at, bytes }: Region): void {
    this.#exports.wipe(at, bytes);
  }
}
