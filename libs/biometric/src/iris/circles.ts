import { type GreyImage } from '../image/grey-image.ts';
import { directions, sample, shrink } from './sampling.ts';

/** Centre and radius in pixels. */
export interface Circle {
  readonly x: number;
  readonly y: number;
  readonly r: number;
}

/** A circle with the mean step across it, in grey levels, dark inside. */
export interface FoundCircle extends Circle {
  readonly contrast: number;
}

const COARSE = 4;
const COARSE_DIRECTIONS = directions(32);
const FINE_DIRECTIONS = directions(64);
/** Radii of the pupil as parts of the image's smaller side. */
const PUPIL_RADIUS_MIN = 0.05;
const PUPIL_RADIUS_MAX = 0.26;
/** A pupil is at most this much brighter than the darkest 3 % of the image, grey levels. */
const PUPIL_ABOVE_DARKEST = 45;
/** A step counts up to this many grey levels: neither glare nor sclera outweighs the rest of the circle. */
const STEP_MAX = 60;
/** Sideways sectors, |sin| below this: the lids cover what is above and below. */
const SIDEWAYS = 0.65;

/**
 * The pupil: the circle across which the image brightens most, out of those with a dark middle. Integro-differential operator
 * (Daugman 1993) with bounded steps, over all centres at a quarter of the resolution, then refined.
 */
export function findPupil(image: GreyImage): FoundCircle {
  const small = shrink(image, COARSE);
  const side = Math.min(small.width, small.height);
  const dark = quantile(small.pixels, 0.03) + PUPIL_ABOVE_DARKEST;
  let best: FoundCircle = { x: 0, y: 0, r: 0, contrast: -Infinity };
  const radiusMin = Math.max(3, Math.round(side * PUPIL_RADIUS_MIN));
  const radiusMax = Math.round(side * PUPIL_RADIUS_MAX);
  for (let y = radiusMin; y < small.height - radiusMin; y++) {
    for (let x = radiusMin; x < small.width - radiusMin; x++) {
      if (small.pixels[y * small.width + x]! > dark || around(small, x, y, 2) > dark) continue;
      for (let r = radiusMin; r <= radiusMax; r++) {
        const contrast = coarseContrast(small, x, y, r, dark);
        if (contrast > best.contrast) best = { x, y, r, contrast };
      }
    }
  }
  const centre = (v: number): number => v * COARSE + (COARSE - 1) / 2;
  return refine({ x: centre(best.x), y: centre(best.y), r: best.r * COARSE }, 3, 5, (x, y, r) => fineContrast(image, x, y, r, 1.5, everywhere, dark));
}

/**
 * The limbus, outer border of the iris, around a known pupil. Only its sides are looked at.
 * @param pupil in the same image
 */
export function findLimbus(image: GreyImage, pupil: Circle): FoundCircle {
  const side = Math.min(image.width, image.height);
  const radiusMin = Math.max(pupil.r * 1.35, side * 0.2);
  const radiusMax = Math.min(pupil.r * 5, side * 0.55);
  let best: FoundCircle = { ...pupil, contrast: -Infinity };
  const reach = Math.max(4, pupil.r * 0.25);
  for (let dy = -reach; dy <= reach; dy += 3) {
    for (let dx = -reach; dx <= reach; dx += 3) {
      for (let r = radiusMin; r <= radiusMax; r += 2) {
        if (r - Math.sqrt(dx * dx + dy * dy) < pupil.r * 1.15 + 4) continue;
        const contrast = sidesContrast(image, pupil.x + dx, pupil.y + dy, r, 3.5) - 0.02 * (dx * dx + dy * dy);
        if (contrast > best.contrast) best = { x: pupil.x + dx, y: pupil.y + dy, r, contrast };
      }
    }
  }
  return refine(best, 2, 3, (x, y, r) => sidesContrast(image, x, y, r, 3));
}

function refine({ x, y, r }: Circle, reach: number, radiusReach: number, contrastOf: (x: number, y: number, r: number) => number): FoundCircle {
  let best: FoundCircle = { x, y, r, contrast: -Infinity };
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      for (let dr = -radiusReach; dr <= radiusReach; dr++) {
        const contrast = contrastOf(x + dx, y + dy, r + dr);
        if (contrast > best.contrast) best = { x: x + dx, y: y + dy, r: r + dr, contrast };
      }
    }
  }
  return best;
}

/** Mean bounded step over all directions, nearest pixels; directions that leave the image or start in what isn't dark count as no step. */
function coarseContrast({ width, height, pixels }: GreyImage, x: number, y: number, r: number, dark: number): number {
  const { count, cos, sin } = COARSE_DIRECTIONS;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const outerX = (x + (r + 1) * cos[i]! + 0.5) | 0;
    const outerY = (y + (r + 1) * sin[i]! + 0.5) | 0;
    if (outerX < 0 || outerY < 0 || outerX >= width || outerY >= height) continue;
    const inner = pixels[((y + (r - 1) * sin[i]! + 0.5) | 0) * width + ((x + (r - 1) * cos[i]! + 0.5) | 0)]!;
    if (inner > dark) continue;
    const step = pixels[outerY * width + outerX]! - inner;
    sum += step > STEP_MAX ? STEP_MAX : step < -STEP_MAX ? -STEP_MAX : step;
  }
  return sum / count;
}

/** Directions of FINE_DIRECTIONS. */
const everywhere = Array.from({ length: FINE_DIRECTIONS.count }, (_, i) => i);
const sideways = everywhere.filter((i) => FINE_DIRECTIONS.sin[i]! < SIDEWAYS && FINE_DIRECTIONS.sin[i]! > -SIDEWAYS);
const rightwards = sideways.filter((i) => FINE_DIRECTIONS.cos[i]! > 0);
const leftwards = sideways.filter((i) => FINE_DIRECTIONS.cos[i]! < 0);

/** Both sides must show the border: half the mean, half the weaker one. */
function sidesContrast(image: GreyImage, x: number, y: number, r: number, step: number): number {
  const right = fineContrast(image, x, y, r, step, rightwards);
  const left = fineContrast(image, x, y, r, step, leftwards);
  return (right + left) / 4 + (right < left ? right : left) / 2;
}

function fineContrast(image: GreyImage, x: number, y: number, r: number, step: number, sector: readonly number[], dark = 255): number {
  const { cos, sin } = FINE_DIRECTIONS;
  let sum = 0;
  for (const i of sector) {
    const outer = sample(image, x + (r + step) * cos[i]!, y + (r + step) * sin[i]!);
    const inner = sample(image, x + (r - step) * cos[i]!, y + (r - step) * sin[i]!);
    if (inner > dark) continue;
    const difference = outer - inner;
    // NaN outside of the image: no step.
    if (difference > STEP_MAX) sum += STEP_MAX;
    else if (difference < -STEP_MAX) sum -= STEP_MAX;
    else if (difference === difference) sum += difference;
  }
  return sum / sector.length;
}

/** Mean over the square of side 2·reach + 1, clipped at the borders. */
function around({ width, height, pixels }: GreyImage, x: number, y: number, reach: number): number {
  let sum = 0;
  let count = 0;
  for (let j = y < reach ? 0 : y - reach; j <= y + reach && j < height; j++) {
    for (let i = x < reach ? 0 : x - reach; i <= x + reach && i < width; i++, count++) sum += pixels[j * width + i]!;
  }
  return sum / count;
}

/** The grey level below which the given part of the pixels lies. */
export function quantile(pixels: Uint8Array, part: number): number {
  const histogram = new Uint32Array(256);
  for (const value of pixels) histogram[value]!++;
  let level = 0;
  for (let below = histogram[0]!; below < part * pixels.length; below += histogram[++level]!);
  return level;
}
