/** Uniform in [0, 1), 32 bits. */
export type Random = () => number;

/**
 * Doty-Humphrey's sfc32 from a 53-bit seed: replays on every runtime. For resampling only, never for secrets.
 * @param seed a non-negative safe integer
 */
export function seededRandom(seed: number): Random {
  let [a, b, c, counter] = [seed >>> 0, Math.floor(seed / 2 ** 32), 0x9e3779b9, 1];
  const next: Random = () => {
    const out = (((a + b) | 0) + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + out) | 0;
    return (out >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 15; i++) next();
  return next;
}

/** How often each of `count` things is drawn in `count` draws with replacement. */
export function resample(count: number, random: Random): Uint32Array {
  const weights = new Uint32Array(count);
  for (let i = 0; i < count; i++) weights[Math.floor(random() * count)]!++;
  return weights;
}
