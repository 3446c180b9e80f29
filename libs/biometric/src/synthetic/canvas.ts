import { exactExp } from '../exact-math.ts';
import { type Line, type Point } from './anatomy.ts';

export const SIDE = 128;
/** A stamp reaches three standard deviations; its profile is tabulated in 64 steps per unit of (r/σ)². */
const REACH = 3;
const PROFILE_STEPS = 64;
const profile = Float64Array.from({ length: REACH * REACH * PROFILE_STEPS + 1 }, (_, i) => exactExp(-0.5 * (i / PROFILE_STEPS)));
const ROOT_TWO_PI = 2.5066282746310002;

/**
 * Darkens `canvas` (128×128, row-major) along a line by stamps of a Gaussian spot. Spots spaced by half a width with
 * weight spacing / (σ√2π) add up to the line's depth along its middle.
 * @param at where a point of the hand comes to lie in this capture
 */
export function drawLine(canvas: Float64Array, line: Line, depth: number, at: (point: Point) => Point): void {
  const [a, b, c] = line.points;
  const length = distance(a, b) + distance(b, c);
  const stamps = Math.max(2, Math.ceil((2 * length) / line.width));
  const weight = (depth * (length / stamps)) / (line.width * ROOT_TWO_PI);
  for (let i = 0; i <= stamps; i++) {
    const t = i / stamps;
    const [u, v, w] = [(1 - t) * (1 - t), 2 * t * (1 - t), t * t];
    stamp(canvas, at({ x: u * a.x + v * b.x + w * c.x, y: u * a.y + v * b.y + w * c.y }), line.width, weight);
  }
}

/** Adds -weight · exp(-r²/2σ²). */
export function stamp(canvas: Float64Array, { x, y }: Point, sigma: number, weight: number): void {
  const reach = REACH * sigma;
  const scale = PROFILE_STEPS / (sigma * sigma);
  const [left, right] = [Math.max(0, Math.ceil(x - reach)), Math.min(SIDE - 1, Math.floor(x + reach))];
  const bottom = Math.min(SIDE - 1, Math.floor(y + reach));
  for (let py = Math.max(0, Math.ceil(y - reach)); py <= bottom; py++) {
    const dy2 = (py - y) * (py - y) * scale;
    for (let px = left; px <= right; px++) {
      const step = (dy2 + (px - x) * (px - x) * scale) | 0;
      if (step < profile.length) canvas[py * SIDE + px] = canvas[py * SIDE + px]! - weight * profile[step]!;
    }
  }
}

const distance = (a: Point, b: Point): number => Math.sqrt((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y));
