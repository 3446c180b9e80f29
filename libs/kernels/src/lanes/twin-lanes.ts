import { arenaKernel, BumpArena } from './arena.ts';
import { type LaneKernel, type LaneMemory } from './lane-ops.ts';
import { twinLaneOps } from './twin-lane-ops.ts';

const INITIAL_BYTES = 1 << 12;

/** The lane operations in plain TypeScript on ordinary memory: the reference, and the way out where WASM SIMD is missing. */
export function twinLaneKernel(): LaneKernel {
  return arenaKernel('typescript', () => {
    const memory = new GrowingMemory();
    return new BumpArena(twinLaneOps(memory), memory);
  });
}

class GrowingMemory implements LaneMemory {
  buffer = new ArrayBuffer(INITIAL_BYTES);

  reserve(bytes: number): void {
    if (bytes <= this.buffer.byteLength) return;
    const old = new Uint8Array(this.buffer);
    this.buffer = new ArrayBuffer(2 ** Math.ceil(Math.log2(bytes)));
    new Uint8Array(this.buffer).set(old);
    old.fill(0);
  }
}
