import { type LaneArena } from '@boop/kernels';
import { BoopError, lengthPrefixed, type PartyId, uint32 } from '@boop/shared';
import { type BackEndName, backEnds } from './back-ends.ts';

/** What correlations were made for; equal at all holders of their masks. */
export interface CorrelationScope {
  readonly p: number;
  readonly batchId: Uint8Array;
  readonly committee: readonly PartyId[];
  /** Who holds shares of the masks: the committee, or more nodes with the committee among them. */
  readonly holders: readonly PartyId[];
  readonly backEnd: BackEndName;
}

/** Where in an arena the correlations of consecutive lanes lie. */
export interface ArenaLanes {
  readonly lanes: number;
  /** Offset of this holder's shares of r plus zero, canonical u16. */
  readonly mask: number;
  /** Per held component the offset of its rows, a slice of `lanes` bits (in whole vectors) each; none outside the committee. */
  readonly rows: readonly number[];
}

const hidden = Symbol.for('nodejs.util.inspect.custom');

/** Correlations in an arena, for one use there. They are gone when the arena is reset. Prints as `[secret]`. */
export class CorrelationBlock {
  readonly scope: CorrelationScope;
  readonly lanes: number;
  /** Names batch and lanes, the same at every holder. */
  readonly origin: Uint8Array;
  readonly #arena: LaneArena;
  #contents: ArenaLanes | undefined;

  constructor(scope: CorrelationScope, arena: LaneArena, contents: ArenaLanes, origin?: Uint8Array) {
    this.scope = scope;
    this.lanes = contents.lanes;
    this.origin = origin ?? lengthPrefixed(scope.batchId, uint32(0), uint32(contents.lanes));
    this.#arena = arena;
    this.#contents = contents;
  }

  /** Rows per held component. */
  get tableRows(): number {
    return CorrelationBlock.tableRowsOf(this.scope);
  }

  static tableRowsOf({ p, backEnd }: CorrelationScope): number {
    return backEnds[backEnd].tableRows(p);
  }

  /** The lanes, once and in their own arena only: BoopError `correlation.reused`, `correlation.other-arena`. */
  consume(arena: LaneArena): ArenaLanes {
    if (arena !== this.#arena) throw new BoopError('correlation.other-arena', 'a block is used in the arena where it was made', { kind: 'fatal' });
    const contents = this.#contents;
    if (!contents) throw new BoopError('correlation.reused', 'every correlation serves one comparison', { kind: 'fatal' });
    this.#contents = undefined;
    return contents;
  }

  toJSON(): string {
    return '[secret]';
  }

  [hidden](): string {
    return '[secret]';
  }
}
