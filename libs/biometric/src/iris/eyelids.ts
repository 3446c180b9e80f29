import { type GreyImage } from '../image/grey-image.ts';
import { type Circle } from './circles.ts';

/** A lid's border y = apex + bend·(x − middle)², in pixels; beyond it (above an upper, below a lower lid) is no iris. */
export interface Eyelid {
  readonly middle: number;
  readonly apex: number;
  readonly bend: number;
}

/** Weaker borders are the limbus or texture, not a lid. Mean step in grey levels. */
const STEP_MIN = 9;
const STEP_MAX = 40;
const BLUR = 4;

/** Where each lid covers the iris, undefined where it doesn't. */
export interface Eyelids {
  readonly upper: Eyelid | undefined;
  readonly lower: Eyelid | undefined;
}

/**
 * Parabolic borders of the lids over the iris: out of all parabolas of plausible bend the one across which the smoothed image
 * changes most between iris and skin (brighter) or lashes (darker).
 */
export function findEyelids(image: GreyImage, pupil: Circle, limbus: Circle): Eyelids {
  const smooth = blurRows(image);
  return { upper: findLid(image, smooth, pupil, limbus, -1), lower: findLid(image, smooth, pupil, limbus, 1) };
}

/** @param side −1 upper, 1 lower */
function findLid(image: GreyImage, smooth: Float64Array, pupil: Circle, limbus: Circle, side: -1 | 1): Eyelid | undefined {
  const { width, height } = image;
  let best: Eyelid | undefined;
  let bestStep = STEP_MIN;
  const bends = [0.05, 0.15, 0.25, 0.35, 0.5, 0.7].map((bend) => (-side * bend) / limbus.r);
  const nearest = pupil.r * 0.6;
  for (let distance = nearest; distance <= limbus.r * 1.02; distance += 2) {
    const apex = limbus.y + side * distance;
    for (const bend of bends) {
      for (let offset = -0.5; offset <= 0.5; offset += 0.125) {
        const middle = limbus.x + offset * limbus.r;
        let sum = 0;
        let seen = 0;
        for (let dx = -limbus.r * 0.9; dx <= limbus.r * 0.9; dx += 4) {
          const x = (limbus.x + dx + 0.5) | 0;
          const y = (apex + bend * (x - middle) * (x - middle) + 0.5) | 0;
          const fromCentre = (x - limbus.x) * (x - limbus.x) + (y - limbus.y) * (y - limbus.y);
          if (fromCentre > limbus.r * limbus.r * 0.96 || (x - pupil.x) * (x - pupil.x) + (y - pupil.y) * (y - pupil.y) < pupil.r * pupil.r * 1.3) continue;
          const beyond = y + side * 4;
          const before = y - side * 3;
          if (x < 0 || x >= width || beyond < 0 || beyond >= height || before < 0 || before >= height) continue;
          const step = smooth[beyond * width + x]! - smooth[before * width + x]!;
          sum += step > STEP_MAX ? STEP_MAX : step < -STEP_MAX ? -STEP_MAX : step;
          seen++;
        }
        if (seen < 6) continue;
        const step = (sum < 0 ? -sum : sum) / (seen + 3);
        if (step > bestStep) {
          bestStep = step;
          best = { middle, apex, bend };
        }
      }
    }
  }
  return best;
}

export const isBeyond = (lid: Eyelid | undefined, side: -1 | 1, x: number, y: number, margin: number): boolean =>
  lid !== undefined && side * (y - (lid.apex + lid.bend * (x - lid.middle) * (x - lid.middle))) > -margin;

/** Running mean over 2·BLUR + 1 columns: lashes fade, a lid's border stays. */
function blurRows({ width, height, pixels }: GreyImage): Float64Array {
  const out = new Float64Array(width * height);
  for (let y = 0; y < height; y++) {
    let sum = 0;
    let count = 0;
    for (let x = 0; x < Math.min(BLUR, width); x++, count++) sum += pixels[y * width + x]!;
    for (let x = 0; x < width; x++) {
      if (x + BLUR < width) {
        sum += pixels[y * width + x + BLUR]!;
        count++;
      }
      if (x - BLUR - 1 >= 0) {
        sum -= pixels[y * width + x - BLUR - 1]!;
        count--;
      }
      out[y * width + x] = sum / count;
    }
  }
  return out;
}
