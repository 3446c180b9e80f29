import { BoopError, fromBase64Url } from '@boop/shared';
import { lanesWasm } from '../generated/lanes-wasm.ts';
import { arenaKernel, BumpArena } from './arena.ts';
import { type LaneKernel, type LaneMemory, type LaneOps } from './lane-ops.ts';
import { twinLaneKernel } from './twin-lanes.ts';

const PAGE_BYTES = 1 << 16;
/** As declared by the module: 2 GiB per arena. */
const PAGES_MAX = 32_768;
/** Memory doubles up to this step. */
const GROWTH_PAGES_MAX = 256;

/**
 * Compiles the lane operations. Every arena is a WebAssembly.Memory of its own, not a shared one: fills and copies of shared memory are atomic by the byte, and take
 * V8 some ten times as long. Throws BoopError `kernel.unsupported` where the engine lacks SIMD; use `twinLaneKernel` there.
 */
export async function loadLaneKernel(): Promise<LaneKernel> {
  try {
    return kernelOf(await WebAssembly.compile(moduleBytes()));
  } catch (cause) {
    throw new BoopError('kernel.unsupported', 'this engine does not run the lane operations', { kind: 'fatal', cause });
  }
}

let shared: LaneKernel | undefined;

/** One kernel for everybody in this thread: compiled when first asked for, while the caller waits (some milliseconds), and the twin where WASM fails. */
export function laneKernel(): LaneKernel {
  shared ??= compiledOrTwin();
  return shared;
}

function compiledOrTwin(): LaneKernel {
  try {
    return kernelOf(new WebAssembly.Module(moduleBytes()));
  } catch {
    return twinLaneKernel();
  }
}

const moduleBytes = (): Uint8Array<ArrayBuffer> => Uint8Array.from(fromBase64Url(lanesWasm));

function kernelOf(module: WebAssembly.Module): LaneKernel {
  return arenaKernel('wasm-simd', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: PAGES_MAX });
    const instance = new WebAssembly.Instance(module, { env: { memory } });
    return new BumpArena(instance.exports as unknown as LaneOps, growing(memory));
  });
}

function growing(memory: WebAssembly.Memory): LaneMemory {
  let { buffer } = memory;
  return {
    get buffer() {
      return buffer;
    },
    reserve(bytes) {
      const missing = Math.ceil((bytes - buffer.byteLength) / PAGE_BYTES);
      if (missing <= 0) return;
      try {
        memory.grow(Math.max(missing, Math.min(GROWTH_PAGES_MAX, buffer.byteLength / PAGE_BYTES)));
      } catch (cause) {
        throw new BoopError('kernel.out-of-memory', 'a block of lanes takes more memory than one arena has', { kind: 'unavailable', cause });
      }
      buffer = memory.buffer;
    },
  };
}
