import { exactCos, exactExp, exactSin } from '../exact-math.ts';
import { type Position } from '../encode-palm.ts';
import { type PalmParameters } from './parameters.ts';
import { type Stream } from './random.ts';

/** A dark line: a quadratic Bézier curve with a Gaussian profile, in pixels and grey levels. */
export interface Line {
  readonly points: readonly [Point, Point, Point];
  readonly width: number;
  readonly depth: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** What stays the same from capture to capture. */
export interface Anatomy {
  readonly lines: readonly Line[];
  /** Mean grey level of the skin. */
  readonly skin: number;
  /** This person's sensor noise relative to the average. */
  readonly noiseGain: number;
}

/** Heart, head and life line of a right palm as a region of interest shows them: control points in pixels. */
const LAYOUT: readonly (readonly (readonly [number, number])[])[] = [
  [[118, -12], [84, 22], [104, 66]],
  [[62, -14], [52, 52], [10, 92]],
  [[58, -16], [40, 62], [50, 146]],
];
const MAIN_DIRECTION = 1.9;
const SIDE = 128;
const MARGIN = 24;
const GOLDEN_RATIO = 0.618033988749895;

export function anatomy(random: Stream, position: Position, p: PalmParameters): Anatomy {
  const place = (x: number, y: number): Point => ({ x: position === 'right-palm' ? x : SIDE - x, y });
  const principal = LAYOUT.map((curve): Line => {
    const [a, b, c] = curve.map(([x, y]) => place(x + p.layoutJitter * random.normal(), y + p.layoutJitter * random.normal()));
    return { points: [a!, b!, c!], width: random.between(2.2, 3.6), depth: p.principalDepth * random.between(0.6, 1.2) };
  });
  const direction = MAIN_DIRECTION + p.directionSpread * random.normal();
  const fine = (count: number, depth: number, width: number, length: number): Line[] =>
    evenlySpread(count, random).map((centre) => {
      const angle = random.uniform() < p.aligned ? direction + p.alignmentSpread * random.normal() : random.between(0, Math.PI);
      return straightish(random, place, centre, angle, { depth, width, length });
    });
  return {
    lines: [...principal, ...fine(p.creases, p.creaseDepth, p.creaseWidth, p.creaseLength), ...fine(p.veins, p.veinDepth, p.veinWidth, 2 * p.creaseLength)],
    skin: random.between(105, 145),
    noiseGain: exactExp(p.noiseSpread * random.normal()),
  };
}

/**
 * Centres of lines over the region and a margin: a rank-1 lattice by the golden ratio, shifted and jittered, so that no
 * palm is left without texture in a part of it.
 */
function evenlySpread(count: number, random: Stream): Point[] {
  const extent = SIDE + 2 * MARGIN;
  const offset = random.uniform();
  return Array.from({ length: count }, (_, i) => {
    const turn = (i * GOLDEN_RATIO + offset + random.between(0, 1) / Math.sqrt(count)) % 1;
    return { x: extent * ((i + random.uniform()) / count) - MARGIN, y: extent * turn - MARGIN };
  });
}

/** A slightly bent line through `centre`, its size drawn around the given one. */
function straightish(random: Stream, place: (x: number, y: number) => Point, centre: Point, angle: number, size: { depth: number; width: number; length: number }): Line {
  const reach = (size.length / 2) * random.between(0.5, 1.5);
  const bend = 0.2 * reach * random.normal();
  const [dx, dy] = [exactCos(angle), exactSin(angle)];
  return {
    points: [
      place(centre.x - reach * dx, centre.y - reach * dy),
      place(centre.x - bend * dy, centre.y + bend * dx),
      place(centre.x + reach * dx, centre.y + reach * dy),
    ],
    width: size.width * random.between(0.7, 1.3),
    depth: size.depth * random.between(0.4, 1.2),
  };
}
