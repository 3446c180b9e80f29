/**
 * Deterministic stream for synthetic captures (sfc32 of PractRand, 128 bits of state), keyed by small integers. It makes
 * test data and nothing else: never keys, shares or masks.
 */
export interface Stream {
  /** Uniform in [0, 1), a multiple of 2^-32. */
  uniform(): number;
  /** Uniform in [from, to). */
  between(from: number, to: number): number;
  /** Bell-shaped with mean 0 and variance 1, never beyond ±3: the standardised sum of three uniforms. */
  normal(): number;
}

const WARM_UP = 16;
/** Three uniforms of variance 1/12 each have variance 1/4. */
const NORMAL_TERMS = 3;
const NORMAL_GAIN = 2;

/** @param key non-negative safe integers; streams of different keys are independent for our purposes */
export function stream(key: readonly number[]): Stream {
  let [a, b, c, counter] = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 1];
  const next = (): number => {
    const out = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + out) | 0;
    return out >>> 0;
  };
  for (const part of key) {
    a ^= part >>> 0;
    b ^= Math.floor(part / 2 ** 32);
    for (let i = 0; i < WARM_UP; i++) next();
  }
  const uniform = (): number => next() / 2 ** 32;
  return {
    uniform,
    between: (from, to) => from + (to - from) * uniform(),
    normal: () => {
      let sum = -NORMAL_TERMS / 2;
      for (let i = 0; i < NORMAL_TERMS; i++) sum += uniform();
      return sum * NORMAL_GAIN;
    },
  };
}
