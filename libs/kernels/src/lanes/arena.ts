import { type LaneArena, type LaneMemory, type LaneOps } from './lane-ops.ts';

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
      this.#highest = this.#top;
      this.#memory.reserve(this.#top + SLACK_BYTES);
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

  wipe(): void {
    this.reset();
    this.view(FIRST, this.#highest - FIRST).fill(0);
  }
}
