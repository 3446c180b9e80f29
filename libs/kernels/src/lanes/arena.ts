import { type LaneArena, type LaneKernel, type LaneMemory, type LaneOps } from './lane-ops.ts';

const ALIGNMENT = 64;
/** Offset 0 means "none" to some operations. */
const FIRST = ALIGNMENT;
/** Operations may read this far beyond what they were given. */
const SLACK_BYTES = 64;

export class BumpArena implements LaneArena {
  readonly ops: LaneOps;
  readonly #memory: LaneMemory;
  #top = FIRST;
  #highest = FIRST;

  constructor(ops: LaneOps, memory: LaneMemory) {
    this.ops = ops;
    this.#memory = memory;
  }

  allocate(bytes: number): number {
    const offset = this.#top;
    this.#top = offset + Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    if (this.#top > this.#highest) {
      this.#memory.reserve(this.#top + SLACK_BYTES);
      this.#highest = this.#top;
    }
    return offset;
  }

  mark(): number {
    return this.#top;
  }

  release(mark: number): void {
    this.#top = mark;
  }

  view(offset: number, bytes: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, offset, bytes);
  }

  reset(): void {
    this.#top = FIRST;
  }

  get bytes(): number {
    return this.#memory.buffer.byteLength;
  }

  wipe(): void {
    this.reset();
    this.view(FIRST, this.#highest - FIRST).fill(0);
    this.#highest = FIRST;
  }
}

const SPARE_ARENAS_MAX = 8;
const SPARE_BYTES_MAX = 1 << 26;

/** A kernel that keeps a few arenas of moderate size: making one takes longer than comparing one pair. */
export function arenaKernel(name: string, create: () => LaneArena): LaneKernel {
  const spare: LaneArena[] = [];
  return {
    name,
    createArena: () => spare.pop() ?? create(),
    giveBack(arena) {
      arena.wipe();
      if (spare.length < SPARE_ARENAS_MAX && arena.bytes <= SPARE_BYTES_MAX && !spare.includes(arena)) spare.push(arena);
    },
  };
}
