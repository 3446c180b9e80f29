import { type GreyImage } from '../../image/grey-image.ts';
import { stream } from '../../synthetic/random.ts';

/** Attack instruments made from a capture by arithmetic: no print or screen was photographed. */
export type AttackSpecies = 'halftone print' | 'glossy print' | 'screen replay' | 'defocused print' | 'faded copy';

/** Bound once: a look at a global costs dearly inside a test's realm. */
const { ceil, cos, exp, floor, max, min, round } = Math;

export const attackSpecies: readonly AttackSpecies[] = ['halftone print', 'glossy print', 'screen replay', 'defocused print', 'faded copy'];

export function simulateAttack(species: AttackSpecies, capture: GreyImage, seed: number): GreyImage {
  const { uniform, normal } = stream([11, attackSpecies.indexOf(species), seed]);
  const { width, height } = capture;
  const noise = (value: number): number => max(0, min(255, round(value + 1.5 * normal())));
  const printed = blur(Float64Array.from(capture.pixels, (value) => 50 + value * 0.62), width, height, 0.7);
  switch (species) {
    case 'halftone print': {
      const [pitch, angle, depth] = [2.6 + 2 * uniform(), uniform() * 1.5, 12 + 14 * uniform()];
      return image(printed, (value, x, y) => noise(value + depth * grid(x, y, pitch, angle)));
    }
    case 'glossy print': {
      const [cx, cy, r] = [width * uniform(), height * uniform(), 14 + 16 * uniform()];
      return image(printed, (value, x, y) => noise(value + 260 * exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * r * r))));
    }
    case 'screen replay': {
      const [pitch, angle, depth] = [2.1 + 1.2 * uniform(), 0.2 * uniform(), 8 + 10 * uniform()];
      return image(Float64Array.from(capture.pixels), (value, x, y) => noise(value * 0.85 + 20 + depth * grid(x, y, pitch, angle)));
    }
    case 'defocused print':
      return image(blur(printed, width, height, 2.2 + 1.2 * uniform()), (value) => round(value));
    case 'faded copy':
      return image(printed, (value) => noise(150 + (value - 120) * 0.1));
  }

  function image(values: Float64Array, level: (value: number, x: number, y: number) => number): GreyImage {
    return { width, height, pixels: Uint8Array.from(values, (value, at) => level(value, at % width, floor(at / width))) };
  }
}

const TWO_PI = 2 * Math.PI;
const grid = (x: number, y: number, pitch: number, angle: number): number => {
  const [c, s] = [cos(angle), cos(angle - TWO_PI / 4)];
  const [u, v] = [(TWO_PI * (x * c + y * s)) / pitch, (TWO_PI * (y * c - x * s)) / pitch];
  return cos(u) + cos(v);
};

/** Gaussian, separable, edges repeated. */
function blur(values: Float64Array, width: number, height: number, sigma: number): Float64Array {
  const reach = ceil(3 * sigma);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) => exp(-((i - reach) ** 2) / (2 * sigma * sigma)));
  const sum = weights.reduce((a, b) => a + b);
  const pass = (from: Float64Array, step: (x: number, y: number, d: number) => number): Float64Array =>
    from.map((_, at) => weights.reduce((total, weight, i) => total + weight * from[step(at % width, floor(at / width), i - reach)]!, 0) / sum);
  const clamp = (value: number, size: number): number => max(0, min(size - 1, value));
  const rows = pass(values, (x, y, d) => y * width + clamp(x + d, width));
  return pass(rows, (x, y, d) => clamp(y + d, height) * width + x);
}
