import { BoopError, freeMemory, lengthPrefixed, uint32 } from '@boop/shared';
import { type LaneArena } from '@boop/kernels';
import { sliceBytes } from './boolean-engine.ts';
import { CorrelationBlock, type CorrelationScope } from './correlation-block.ts';

const hidden = Symbol.for('nodejs.util.inspect.custom');

/** What one lane range of a batch holds; see {@link CorrelationSlice.consume}. */
export interface CorrelationLanes {
  readonly lanes: number;
  /** Per lane this holder's share of r plus zero, canonical. */
  readonly mask: Uint16Array;
  /** Per held component, rows of lanes/32 words: bits [digit < v], v from 1 to 2^width − 1, low digit first. */
  readonly tables: readonly Uint32Array[];
}

/** Lanes from ≤ lane < to. */
interface LaneInterval {
  readonly from: number;
  readonly to: number;
}

/** What of an interval lies before and after another. */
const without = (of: LaneInterval, { from, to }: LaneInterval): LaneInterval[] =>
  [
    { from: of.from, to: Math.min(of.to, from) },
    { from: Math.max(of.from, to), to: of.to },
  ].filter((part) => part.from < part.to);

/** A range of lanes, handed out once and consumed once. Prints as `[secret]`. */
export class CorrelationSlice {
  readonly lanes: number;
  readonly scope: CorrelationScope;
  /** Names batch and lanes, the same at every holder. */
  readonly origin: Uint8Array;
  #contents: CorrelationLanes | undefined;

  constructor(scope: CorrelationScope, from: number, contents: CorrelationLanes) {
    this.scope = scope;
    this.lanes = contents.lanes;
    this.origin = lengthPrefixed(scope.batchId, uint32(from), uint32(contents.lanes));
    this.#contents = contents;
  }

  /** The lanes themselves, once; BoopError `correlation.reused` afterwards. Whoever consumes them wipes them, and may free their memory. */
  consume(): CorrelationLanes {
    const contents = this.#contents;
    if (!contents) throw reused();
    this.#contents = undefined;
    return contents;
  }

  wipe(): void {
    if (this.#contents) wipeLanes(this.#contents);
    this.#contents = undefined;
  }

  toJSON(): string {
    return '[secret]';
  }

  [hidden](): string {
    return '[secret]';
  }
}

/** Correlations in stock at one member, for one committee and field; at a holder outside it the masks alone. Prints as `[secret]`. */
export class CorrelationBatch {
  readonly lanes: number;
  readonly scope: CorrelationScope;
  readonly #mask: Uint16Array;
  readonly #tables: readonly Uint32Array[];
  /** Ranges that nobody has taken, ascending and apart. */
  #left: readonly LaneInterval[];

  constructor(scope: CorrelationScope, { lanes, mask, tables }: CorrelationLanes) {
    this.scope = scope;
    this.lanes = lanes;
    this.#mask = mask;
    this.#tables = tables;
    this.#left = [{ from: 0, to: lanes }];
  }

  /** How many nobody has taken. */
  get lanesLeft(): number {
    return this.#left.reduce((sum, { from, to }) => sum + to - from, 0);
  }

  /** The lowest that nobody has taken; `lanes` when none is left. */
  get nextLane(): number {
    return this.#left[0]?.from ?? this.lanes;
  }

  /**
   * Lanes from ≤ lane < to, both multiples of 32, in any order of ranges: runs that were given theirs one after the other reach a member as the network brings them.
   * The batch's own copy is wiped; whoever takes all lanes at once gets it.
   * Throws BoopError `correlation.reused` for a lane already taken, `correlation.range` for any other bad range.
   */
  take(from: number, to: number): CorrelationSlice {
    if (!Number.isInteger(from) || !Number.isInteger(to) || from % 32 !== 0 || to % 32 !== 0 || from < 0 || to <= from || to > this.lanes) {
      throw new BoopError('correlation.range', 'a range is 32-aligned, not empty and within the batch');
    }
    if (!this.#left.some((free) => free.from <= from && to <= free.to)) throw reused();
    this.#left = this.#left.flatMap((free) => without(free, { from, to }));
    if (to - from === this.lanes) return new CorrelationSlice(this.scope, from, { lanes: this.lanes, mask: this.#mask, tables: this.#tables });
    const words = this.lanes / 32;
    const tables = this.#tables.map((table) => {
      const rows = table.length / words;
      const width = (to - from) / 32;
      const out = new Uint32Array(rows * width);
      for (let row = 0; row < rows; row++) {
        const taken = table.subarray(row * words + from / 32, row * words + to / 32);
        out.set(taken, row * width);
        taken.fill(0);
      }
      return out;
    });
    const mask = this.#mask.slice(from, to);
    this.#mask.fill(0, from, to);
    // Nothing but zeros is left.
    if (this.#left.length === 0) for (const part of [this.#mask, ...this.#tables]) freeMemory(part);
    return new CorrelationSlice(this.scope, from, { lanes: to - from, mask, tables });
  }

  /** What was taken stays the taker's. */
  wipe(): void {
    if (this.#left.length > 0) wipeLanes({ lanes: this.lanes, mask: this.#mask, tables: this.#tables });
    this.#left = [];
  }

  toJSON(): string {
    return '[secret]';
  }

  [hidden](): string {
    return '[secret]';
  }
}

/** Copies a block out of its arena into ordinary memory, to be kept. */
export function storeBlock(arena: LaneArena, block: CorrelationBlock): CorrelationBatch {
  const { lanes, mask, rows } = block.consume(arena);
  const stride = sliceBytes(lanes);
  const tables = rows.map((table) => {
    const count = block.tableRows;
    const out = new Uint32Array((count * lanes) / 32);
    const bytes = new Uint8Array(out.buffer);
    for (let row = 0; row < count; row++) bytes.set(arena.view(table + row * stride, lanes / 8), (row * lanes) / 8);
    return out;
  });
  return new CorrelationBatch(block.scope, { lanes, mask: new Uint16Array(arena.view(mask, 2 * lanes).slice().buffer), tables });
}

/** Copies slices of one scope, one behind the other, into an arena, and wipes them. */
export function loadSlices(arena: LaneArena, slices: readonly CorrelationSlice[]): CorrelationBlock {
  const [{ scope }] = slices as [CorrelationSlice];
  const parts = slices.map((slice) => slice.consume());
  const lanes = parts.reduce((sum, part) => sum + part.lanes, 0);
  const stride = sliceBytes(lanes);
  const mask = arena.allocate(16 * stride);
  arena.view(mask, 16 * stride).fill(0);
  const count = CorrelationBlock.tableRowsOf(scope);
  const rows = parts[0]!.tables.map(() => arena.allocate(count * stride));
  let first = 0;
  for (const part of parts) {
    arena.view(mask + 2 * first, 2 * part.lanes).set(new Uint8Array(part.mask.buffer, part.mask.byteOffset, 2 * part.lanes));
    part.tables.forEach((table, c) => {
      const bytes = new Uint8Array(table.buffer, table.byteOffset, table.byteLength);
      const width = part.lanes / 8;
      for (let row = 0; row < count; row++) arena.view(rows[c]! + row * stride + first / 8, width).set(bytes.subarray(row * width, (row + 1) * width));
    });
    first += part.lanes;
    wipeLanes(part);
  }
  return new CorrelationBlock(scope, arena, { lanes, mask, rows }, lengthPrefixed(...slices.map(({ origin }) => origin)));
}

/** The memory is given back: the arrays are empty afterwards. */
export function wipeLanes({ mask, tables }: CorrelationLanes): void {
  for (const part of [mask, ...tables]) {
    part.fill(0);
    freeMemory(part);
  }
}

const reused = (): BoopError => new BoopError('correlation.reused', 'every correlation serves one comparison', { kind: 'fatal' });
