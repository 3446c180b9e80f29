import { type Rng } from '@boop/shared';

/** 32-bit generator (splitmix32): reproducible, equidistributed, and not secret. For tests and benchmarks only. */
export function seededUint32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
}

/** An {@link Rng} that replays: the same seed gives the same bytes, whatever the sizes asked for. */
export function seededRng(seed: number): Rng {
  const next = seededUint32(seed);
  let word = 0;
  let left = 0;
  return {
    bytes(count) {
      const out = new Uint8Array(count);
      for (let i = 0; i < count; i++) {
        if (left === 0) {
          word = next();
          left = 4;
        }
        out[i] = word & 255;
        word >>>= 8;
        left -= 1;
      }
      return out;
    },
  };
}
