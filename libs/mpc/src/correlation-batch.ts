import { BoopError, lengthPrefixed, type PartyId, uint32 } from '@boop/shared';

const hidden = Symbol.for('nodejs.util.inspect.custom');

/** What one lane range of a batch holds; see {@link CorrelationSlice.consume}. */
export interface CorrelationLanes {
  readonly lanes: number;
  /** Per lane this member's share of r plus zero, canonical. */
  readonly mask: Uint16Array;
  /** Per held component (2^low + 2^high) rows of lanes/32 words: bits [digit < v], v from 1, low digit first. */
  readonly prefixes: readonly Uint32Array[];
}

/** What a batch was made for; equal at all holders of its masks. */
export interface BatchScope {
  readonly p: number;
  readonly batchId: Uint8Array;
  readonly committee: readonly PartyId[];
  /** Who holds shares of the masks: the committee, or more nodes with the committee among them. */
  readonly holders: readonly PartyId[];
}

/** A range of lanes, handed out once and consumed once. Prints as `[secret]`. */
export class CorrelationSlice {
  readonly lanes: number;
  readonly scope: BatchScope;
  /** Names batch and lanes, the same at every holder. */
  readonly origin: Uint8Array;
  #contents: CorrelationLanes | undefined;

  constructor(scope: BatchScope, from: number, contents: CorrelationLanes) {
    this.scope = scope;
    this.lanes = contents.lanes;
    this.origin = lengthPrefixed(scope.batchId, uint32(from), uint32(contents.lanes));
    this.#contents = contents;
  }

  /** The lanes themselves, once; BoopError `correlation.reused` afterwards. Whoever consumes them wipes them. */
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
  readonly scope: BatchScope;
  readonly #mask: Uint16Array;
  readonly #prefixes: readonly Uint32Array[];
  #next = 0;

  constructor(scope: BatchScope, lanes: number, mask: Uint16Array, prefixes: readonly Uint32Array[]) {
    this.scope = scope;
    this.lanes = lanes;
    this.#mask = mask;
    this.#prefixes = prefixes;
  }

  /** First lane that was neither handed out nor skipped. */
  get nextLane(): number {
    return this.#next;
  }

  /**
   * Lanes from ≤ lane < to, both multiples of 32. Ranges only move forward: a skipped lane is lost, so members that are
   * told the same ranges stay together. The batch's own copy is wiped.
   * Throws BoopError `correlation.reused` for a lane already handed out or skipped, `correlation.range` for any other bad range.
   */
  take(from: number, to: number): CorrelationSlice {
    if (!Number.isInteger(from) || !Number.isInteger(to) || from % 32 !== 0 || to % 32 !== 0 || from < 0 || to <= from || to > this.lanes) {
      throw new BoopError('correlation.range', 'a range is 32-aligned, not empty and within the batch');
    }
    if (from < this.#next) throw reused();
    const words = this.lanes / 32;
    const prefixes = this.#prefixes.map((table) => {
      const rows = table.length / words;
      const width = (to - from) / 32;
      const out = new Uint32Array(rows * width);
      for (let row = 0; row < rows; row++) {
        out.set(table.subarray(row * words + from / 32, row * words + to / 32), row * width);
        table.fill(0, row * words + this.#next / 32, row * words + to / 32);
      }
      return out;
    });
    const mask = this.#mask.slice(from, to);
    this.#mask.fill(0, this.#next, to);
    this.#next = to;
    return new CorrelationSlice(this.scope, from, { lanes: to - from, mask, prefixes });
  }

  wipe(): void {
    this.#next = this.lanes;
    this.#mask.fill(0);
    for (const table of this.#prefixes) table.fill(0);
  }

  toJSON(): string {
    return '[secret]';
  }

  [hidden](): string {
    return '[secret]';
  }
}

export function wipeLanes(contents: CorrelationLanes): void {
  contents.mask.fill(0);
  for (const table of contents.prefixes) table.fill(0);
}

const reused = (): BoopError => new BoopError('correlation.reused', 'every correlation serves one comparison', { kind: 'fatal' });
