import { type Position } from '../encode-palm.ts';
import { type GreyImage } from '../image/grey-image.ts';
import { type Circle, type Point, contourOf, distance, largestCircle } from './contour.ts';
import { type Fingers, fingersOf } from './fingers.ts';
import { levelled } from './level.ts';
import { type PalmFrame, cutRegion } from './roi.ts';
import { type Silhouette, silhouetteOf } from './silhouette.ts';

/** What a person can do about a hand of which no region of interest, or a poor one, was cut. */
export type HandReason = 'no-hand' | 'fingers-not-spread' | 'thumb-not-visible' | 'wrong-hand' | 'too-far' | 'hand-partly-out-of-view';

export interface LocatedPalm {
  /** 128×128, fingers up; undefined where the reasons say why there is none. */
  readonly roi: GreyImage | undefined;
  /** Which hand it is, palm towards the camera, not mirrored; undefined where the thumb isn't seen and none is expected. */
  readonly position: Position | undefined;
  readonly reasons: readonly HandReason[];
  /** Valleys between index and middle, middle and ring, ring and little finger, in pixels of the capture. */
  readonly valleys: readonly Point[];
}

/** In distances from the first to the last valley: side of the region, and how far its upper side lies below the valleys. */
const SIDE = 1.1;
const GAP = 0.2;
/** Pixels of the capture: a region with a smaller side has less detail than the encoder looks for. */
const SIDE_PIXELS_MIN = 96;
/** The thumb's tip is farther from the next tip than the little finger's. */
const THUMB_RATIO = 1.3;
/** A hand whose fingers lie in half-shadow gets a second try with a looser threshold, which lets more of the background in. */
const LOOSENESS = [0, 0.25] as const;
const SHADOWED: readonly HandReason[] = ['no-hand', 'fingers-not-spread', 'thumb-not-visible'];

/**
 * Finds the palm in an image of a whole hand with its fingers spread, before a background that is all darker or all brighter, and cuts the square that is
 * tied to the valleys between the fingers (Zhang et al., "Online palmprint identification", PAMI 2003). The hand may be turned any way in the image; it is taken to show its
 * palm, not mirrored.
 * @param expected the hand that was asked for: another is refused as `wrong-hand`, and the thumb may then be out of sight
 */
export function locatePalm(image: GreyImage, expected?: Position): LocatedPalm {
  const first = attempt(image, LOOSENESS[0], expected);
  if (!first.reasons.some((reason) => SHADOWED.includes(reason))) return first;
  const second = attempt(image, LOOSENESS[1], expected);
  return second.roi === undefined ? first : second;
}

function attempt(image: GreyImage, looseness: number, expected: Position | undefined): LocatedPalm {
  const silhouette = silhouetteOf(image, looseness);
  if (silhouette === undefined) return refused('no-hand');
  const palm = largestCircle(silhouette);
  const fingers = fingersOf(contourOf(silhouette), palm, silhouette);
  if (fingers === undefined) return refused(silhouette.crossings > 1 ? 'hand-partly-out-of-view' : 'fingers-not-spread');
  const fromIndex = valleysFromIndex(fingers);
  if (fromIndex === undefined && fingers.tips.length === 5) return refused('fingers-not-spread');
  const position = fromIndex === undefined ? expected : sideOf(fromIndex, palm);
  if (position === undefined) return refused(silhouette.crossings > 1 ? 'hand-partly-out-of-view' : 'thumb-not-visible');
  if (expected !== undefined && position !== expected) return { ...refused('wrong-hand'), position };
  const ordered = fromIndex ?? (sideOf(fingers.valleys, palm) === position ? fingers.valleys : fingers.valleys.toReversed());
  const valleys = ordered.map((point) => toCapture(point, silhouette));
  const frame = frameOf(valleys, position);
  const reasons: HandReason[] = [];
  if (2 * length(frame.across) < SIDE_PIXELS_MIN) reasons.push('too-far');
  if (corners(frame).some(({ x, y }) => x < 0 || y < 0 || x > image.width || y > image.height)) reasons.push('hand-partly-out-of-view');
  return { roi: levelled(cutRegion(image, frame)), position, reasons, valleys };
}

const refused = (reason: HandReason): LocatedPalm => ({ roi: undefined, position: undefined, reasons: [reason], valleys: [] });

/** The three valleys between the long fingers, from the one beside the index finger on; undefined where no thumb is seen. */
function valleysFromIndex({ tips, valleys }: Fingers): Point[] | undefined {
  if (tips.length < 5) return undefined;
  const [first, last] = [distance(tips[0]!, tips[1]!), distance(tips[3]!, tips[4]!)];
  if (first > THUMB_RATIO * last) return valleys.slice(1);
  if (last > THUMB_RATIO * first) return valleys.slice(0, 3).toReversed();
  return undefined;
}

/** Right where the index finger is to the right of the little one, seen with the fingers up and the palm towards the camera. */
function sideOf(valleys: readonly Point[], { centre }: Circle): Position {
  const [index, , little] = valleys as [Point, Point, Point];
  const middle = { x: (index.x + little.x) / 2, y: (index.y + little.y) / 2 };
  const up = { x: middle.x - centre.x, y: middle.y - centre.y };
  return up.x * (index.y - little.y) - up.y * (index.x - little.x) > 0 ? 'right-palm' : 'left-palm';
}

/** The origin is the middle between the outer valleys, the axis across goes through both. */
function frameOf(valleys: readonly Point[], position: Position): PalmFrame {
  const [index, , little] = valleys as [Point, Point, Point];
  const [left, right] = position === 'right-palm' ? [little, index] : [index, little];
  const span = distance(left, right);
  const unit = { x: (right.x - left.x) / span, y: (right.y - left.y) / span };
  // A quarter turn clockwise on the screen: from the fingers to the wrist.
  const below = { x: -unit.y, y: unit.x };
  const middle = { x: (left.x + right.x) / 2, y: (left.y + right.y) / 2 };
  const drop = (GAP + SIDE / 2) * span;
  const half = (SIDE / 2) * span;
  return {
    centre: { x: middle.x + drop * below.x, y: middle.y + drop * below.y },
    across: { x: half * unit.x, y: half * unit.y },
    down: { x: half * below.x, y: half * below.y },
  };
}

function corners({ centre, across, down }: PalmFrame): Point[] {
  return [[-1, -1], [1, -1], [-1, 1], [1, 1]].map(([u, v]) => ({ x: centre.x + u! * across.x + v! * down.x, y: centre.y + u! * across.y + v! * down.y }));
}

const length = ({ x, y }: Point): number => Math.sqrt(x * x + y * y);
const toCapture = ({ x, y }: Point, { factor }: Silhouette): Point => ({ x: (x + 0.5) * factor, y: (y + 0.5) * factor });
