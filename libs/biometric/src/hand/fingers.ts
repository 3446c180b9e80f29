import { type Circle, type Point, distance } from './contour.ts';
import { type Silhouette } from './silhouette.ts';

/** Shares of the palm's radius: how far a tip stands out from its valleys, where its width is taken, and how wide a finger is at most. */
const PROMINENCE = 0.4;
const WIDTH_AT = 0.35;
const WIDTH_MAX = 0.65;
/** What ends so close to the border of the view goes on beyond it. */
const MARGIN = 0.06;
/** Contour pixels around a point that are averaged. */
const SMOOTH = 2;

export interface Fingers {
  /** Fingertips in the order of the contour, broken at the wrist: four or five. */
  readonly tips: readonly Point[];
  /** Between neighbouring tips, one less than tips. */
  readonly valleys: readonly Point[];
}

/**
 * Fingertips and the valleys between them: extremes of the distance from the palm's centre along the contour (radial signature). A wrist stands out
 * too but is wider than a finger or ends at the border of the view; the widest gap between tips is where it is. undefined unless there are four or five.
 */
export function fingersOf(contour: readonly Point[], palm: Circle, { width, height }: Pick<Silhouette, 'width' | 'height'>): Fingers | undefined {
  const margin = MARGIN * palm.radius;
  const withinView = ({ x, y }: Point): boolean => x > margin && y > margin && x < width - margin && y < height - margin;
  const radial = smoothed(contour.map((point) => distance(point, palm.centre)));
  const peaks = peaksOf(radial, PROMINENCE * palm.radius).filter((peak) => withinView(contour[peak]!) && widthBelow(contour, radial, peak, WIDTH_AT * palm.radius) < WIDTH_MAX * palm.radius);
  if (peaks.length < 4 || peaks.length > 5) return undefined;
  const ordered = fromWrist(peaks, contour, palm.centre);
  const valleys = ordered.slice(1).map((peak, i) => valleyBetween(contour, ordered[i]!, peak, palm.centre));
  return { tips: ordered.map((peak) => contour[peak]!), valleys };
}

function smoothed(values: readonly number[]): number[] {
  const count = values.length;
  return values.map((_, at) => {
    let sum = 0;
    for (let k = -SMOOTH; k <= SMOOTH; k++) sum += values[(at + k + count) % count]!;
    return sum / (2 * SMOOTH + 1);
  });
}

/** Maxima of a closed sequence with a fall of at least `prominence` to both sides before any higher value. */
function peaksOf(values: readonly number[], prominence: number): number[] {
  const count = values.length;
  const start = values.indexOf(Math.min(...values));
  const peaks: number[] = [];
  let [high, low, rising] = [start, values[start]!, true];
  for (let k = 1; k <= count; k++) {
    const at = (start + k) % count;
    const value = values[at]!;
    if (rising) {
      if (value > values[high]!) high = at;
      else if (values[high]! - value >= prominence && values[high]! - low >= prominence) {
        peaks.push(high);
        [rising, low] = [false, value];
      }
    } else if (value < low) low = value;
    else if (value - low >= prominence) [rising, high] = [true, at];
  }
  return peaks;
}

/** Distance between the points on either side of a tip where the signature has fallen by `fall`. */
function widthBelow(contour: readonly Point[], radial: readonly number[], peak: number, fall: number): number {
  const count = contour.length;
  const reach = (step: 1 | -1): Point => {
    let at = peak;
    for (let k = 0; k < count / 2 && radial[at]! > radial[peak]! - fall; k++) at = (at + step + count) % count;
    return contour[at]!;
  };
  return distance(reach(1), reach(-1));
}

/** The tips from the one after the widest angle on: there is the wrist. */
function fromWrist(peaks: readonly number[], contour: readonly Point[], centre: Point): number[] {
  const turns = peaks.map((peak) => turn({ x: contour[peak]!.x - centre.x, y: contour[peak]!.y - centre.y }));
  const gaps = turns.map((own, i) => (own - turns[(i + turns.length - 1) % turns.length]! + 8) % 4);
  const first = gaps.indexOf(Math.max(...gaps));
  return [...peaks.slice(first), ...peaks.slice(0, first)];
}

/** Monotone in the angle, 0 to 4 clockwise on the screen, without trigonometry. */
function turn({ x, y }: Point): number {
  const share = y / (Math.abs(x) + Math.abs(y));
  return x < 0 ? 2 - share : (4 + share) % 4;
}

/** Where the contour between two tips goes deepest against the direction of both fingers: the mean of the points within a pixel of it. */
function valleyBetween(contour: readonly Point[], from: number, to: number, centre: Point): Point {
  const count = contour.length;
  const [a, b] = [contour[from]!, contour[to]!];
  const along = { x: (a.x + b.x) / 2 - centre.x, y: (a.y + b.y) / 2 - centre.y };
  const length = Math.sqrt(along.x * along.x + along.y * along.y);
  const between = Array.from({ length: ((to - from + count) % count) + 1 }, (_, k) => contour[(from + k) % count]!);
  const depths = between.map((point) => (point.x * along.x + point.y * along.y) / length);
  const least = Math.min(...depths);
  const deepest = between.filter((_, i) => depths[i]! <= least + 1);
  return { x: deepest.reduce((sum, { x }) => sum + x, 0) / deepest.length, y: deepest.reduce((sum, { y }) => sum + y, 0) / deepest.length };
}
