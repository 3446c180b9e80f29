import { OUTSIDE, SATURATED } from './compcode/mask.ts';
import { HALF } from './compcode/normalise.ts';

/** What a person at the scanner can act on. `blank`: no palm texture at all, flat or mere noise. */
export type QualityReason = 'blank' | 'too-dark' | 'too-bright' | 'low-contrast' | 'blurred' | 'glare' | 'partly-out-of-view';

/** All reasons, in the fixed order in which they are reported and stored. */
export const qualityReasons: readonly QualityReason[] = ['blank', 'too-dark', 'too-bright', 'low-contrast', 'blurred', 'glare', 'partly-out-of-view'];

/** ISO/IEC 29794-1: quality score 0 (worst) to 100 as an integer, with the reasons for anything under {@link QUALITY_MIN}. */
export interface Quality {
  readonly score: number;
  readonly reasons: readonly QualityReason[];
}

/** A capture below is not enrolled. */
export const QUALITY_MIN = 80;

/** A measure's worth from 0 to 100: 0 at `bad` and beyond, 80 at `limit`, 100 at `good` and beyond, linear between. */
interface Grade {
  readonly bad: number;
  readonly limit: number;
  readonly good: number;
}

// Limits lie outside of what 240 real captures (near infrared and green) show; in brackets their range.
const DARK: Grade = { bad: 10, limit: 40, good: 70 }; // mean grey level [88, 151]
const BRIGHT: Grade = { bad: 250, limit: 215, good: 190 };
const CONTRAST: Grade = { bad: 0.5, limit: 2.2, good: 3.2 }; // median local standard deviation, grey levels [2.6, 8.9]
const SHARPNESS: Grade = { bad: 0.3, limit: 0.85, good: 1.1 }; // median local Laplacian over standard deviation [0.94, 2.1]
const NOISE: Grade = { bad: 4, limit: 2.6, good: 2.2 }; // the same measure from above; white noise has 4.2
const STRUCTURE: Grade = { bad: 1, limit: 2.7, good: 3.2 }; // median spread of the filters' answers [3.3, 5.8]
const GLARE: Grade = { bad: 0.1, limit: 0.01, good: 0.001 }; // share of saturated pixels [0, 0]
const LOST: Grade = { bad: 0.2, limit: 0.02, good: 0.002 }; // share of background pixels [0, 0]
const FLAT = 0.4; // median local standard deviation below which a capture shows nothing at all, grey levels
const SPREAD_UNIT = 64 * 4096;
const BLOCK = HALF / 4;

/**
 * @param pixels 128×128 grey levels
 * @param half its sums of 2×2 pixels, 64×64
 * @param spread per cell, largest minus smallest filter answer
 */
export function assess(pixels: Uint8Array, half: Int32Array, spread: Int32Array): Quality {
  const light = exposure(pixels);
  const blocks = textures(half);
  const contrast = median(blocks.map(({ deviation }) => deviation));
  const sharpness = median(blocks.map((block) => block.sharpness));
  const glare = grade(GLARE, light.saturated);
  const inView = grade(LOST, light.outside);
  // Weak structure is a verdict of its own only where nothing else can have caused it.
  const structured = contrast < CONTRAST.limit || glare < QUALITY_MIN || inView < QUALITY_MIN ? 100 : grade(STRUCTURE, median(spread) / SPREAD_UNIT);
  const grades: Record<QualityReason, number> = {
    'blank': contrast < FLAT ? 0 : Math.min(grade(NOISE, sharpness), structured),
    'too-dark': grade(DARK, light.mean),
    'too-bright': grade(BRIGHT, light.mean),
    'low-contrast': grade(CONTRAST, contrast),
    'blurred': grade(SHARPNESS, sharpness),
    'glare': glare,
    'partly-out-of-view': inView,
  };
  const reasons = qualityReasons.filter((reason) => grades[reason] < QUALITY_MIN && CAUSES[reason].every((cause) => grades[cause] >= QUALITY_MIN));
  return { score: Math.floor(Math.min(...Object.values(grades))), reasons };
}

/** Causes that hide their consequences: what is dark all over is not out of view, what is blank is neither blurred nor dull. */
const CAUSES: Readonly<Record<QualityReason, readonly QualityReason[]>> = {
  'blank': ['too-dark', 'too-bright'],
  'too-dark': [],
  'too-bright': [],
  'low-contrast': ['blank', 'too-dark', 'too-bright'],
  'blurred': ['blank', 'too-bright', 'partly-out-of-view'],
  'glare': ['blank', 'too-bright'],
  'partly-out-of-view': ['blank', 'too-dark'],
};

function grade({ bad, limit, good }: Grade, value: number): number {
  const low = ((value - bad) / (limit - bad)) * QUALITY_MIN;
  const high = QUALITY_MIN + ((value - limit) / (good - limit)) * (100 - QUALITY_MIN);
  return Math.min(100, Math.max(0, low < QUALITY_MIN ? low : high));
}

function exposure(pixels: Uint8Array): { mean: number; saturated: number; outside: number } {
  let sum = 0;
  let saturated = 0;
  let outside = 0;
  for (const value of pixels) {
    sum += value;
    if (value >= SATURATED) saturated++;
    if (value <= OUTSIDE) outside++;
  }
  return { mean: sum / pixels.length, saturated: saturated / pixels.length, outside: outside / pixels.length };
}

interface Texture {
  /** Standard deviation, grey levels. */
  readonly deviation: number;
  /** Root mean square of the four-neighbour Laplacian over the deviation. */
  readonly sharpness: number;
}

/** Texture of 16 blocks of half resolution: medians over them don't mind a lamp or an edge in a few. */
function textures(half: Int32Array): Texture[] {
  return Array.from({ length: 16 }, (_, block) => {
    const corner = Math.floor(block / 4) * BLOCK * HALF + (block % 4) * BLOCK;
    let sum = 0;
    let squares = 0;
    let edges = 0;
    for (let y = 0; y < BLOCK; y++) {
      for (let x = 0; x < BLOCK; x++) {
        const at = corner + y * HALF + x;
        const value = half[at]!;
        sum += value;
        squares += value * value;
        if (x === 0 || y === 0 || x === BLOCK - 1 || y === BLOCK - 1) continue;
        const laplacian = 4 * value - half[at - 1]! - half[at + 1]! - half[at - HALF]! - half[at + HALF]!;
        edges += laplacian * laplacian;
      }
    }
    const count = BLOCK * BLOCK;
    const deviation = Math.sqrt(count * squares - sum * sum) / (4 * count);
    return { deviation, sharpness: Math.sqrt(edges / ((BLOCK - 2) * (BLOCK - 2))) / 4 / (deviation + 0.1) };
  });
}

function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[sorted.length >> 1]!;
}
