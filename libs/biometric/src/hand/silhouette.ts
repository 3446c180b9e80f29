import { type GreyImage } from '../image/grey-image.ts';
import { opened } from './distances.ts';

/** Longest side of the image in which a hand is looked for: a millimetre of a hand that fills the view is two pixels. */
const WORKING_SIDE = 480;
/** Share of the view below which the largest bright thing is no hand. */
const AREA_MIN = 0.03;
/** Half of the width of what is no finger but joins two of them (pegs, threads, reflections), in roots of the hand's area; half a finger has 0.05. */
const BRIDGE = 0.025;

/** A hand as a region: 1 inside, 0 outside, row-major, `factor` pixels of the capture to one of it. */
export interface Silhouette {
  readonly width: number;
  readonly height: number;
  readonly inside: Uint8Array;
  readonly factor: number;
  /** How many times the hand crosses the border of the view: a wrist once, fingers out of view more often. */
  readonly crossings: number;
}

/**
 * The largest connected region that stands out from the border of the view, with holes filled: threshold after Otsu (1979) on the
 * reduced image. Which side of it is the hand, the border says: a wrist crosses less than half of it. undefined where nothing is large enough.
 * Cost: linear in the pixels.
 * @param looseness how far, from 0 to 1, the threshold is moved from Otsu's to the mean of the darker class
 */
export function silhouetteOf(image: GreyImage, looseness = 0): Silhouette | undefined {
  const factor = Math.max(1, Math.ceil(Math.max(image.width, image.height) / WORKING_SIDE));
  const reduced = reduce(image, factor);
  const { width, height } = reduced;
  const threshold = loosened(otsu(reduced.pixels), reduced.pixels, looseness);
  const bright = Uint8Array.from(reduced.pixels, (value) => (value > threshold ? 1 : 0));
  if (2 * onBorder(bright, width, height) > borderPixels(width, height)) for (let at = 0; at < bright.length; at++) bright[at] = 1 - bright[at]!;
  const whole = largestRegion(bright, width, height);
  if (whole === undefined) return undefined;
  const area = whole.reduce((sum, own) => sum + own, 0);
  const inside = largestRegion(opened(whole, width, height, BRIDGE * Math.sqrt(area)), width, height);
  if (inside === undefined) return undefined;
  fillHoles(inside, width, height);
  return { width, height, inside, factor, crossings: crossingsOf(inside, width, height) };
}

/** Means over squares of `factor` pixels; what is left over at the right and the bottom is dropped. */
function reduce({ width, height, pixels }: GreyImage, factor: number): GreyImage {
  const [columns, rows] = [Math.floor(width / factor), Math.floor(height / factor)];
  const out = new Uint8Array(columns * rows);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      let sum = 0;
      for (let dy = 0; dy < factor; dy++) for (let dx = 0; dx < factor; dx++) sum += pixels[(y * factor + dy) * width + x * factor + dx]!;
      out[y * columns + x] = Math.floor(sum / (factor * factor));
    }
  }
  return { width: columns, height: rows, pixels: out };
}

/** Grey level that separates two classes with the largest variance between them (the lower class includes it). */
function otsu(pixels: Uint8Array): number {
  const histogram = new Float64Array(256);
  for (const value of pixels) histogram[value] = histogram[value]! + 1;
  const total = histogram.reduce((sum, count, level) => sum + count * level, 0);
  let [below, belowSum, best, threshold] = [0, 0, -1, 0];
  for (let level = 0; level < 255; level++) {
    below += histogram[level]!;
    belowSum += level * histogram[level]!;
    const above = pixels.length - below;
    if (below === 0 || above === 0) continue;
    const difference = belowSum / below - (total - belowSum) / above;
    const between = below * above * difference * difference;
    if (between > best) [best, threshold] = [between, level];
  }
  return threshold;
}

/** Nearer to the mean of the darker class, where fingers in half-shadow are still above. */
function loosened(threshold: number, pixels: Uint8Array, looseness: number): number {
  let [sum, count] = [0, 0];
  for (const value of pixels) {
    if (value > threshold) continue;
    sum += value;
    count++;
  }
  const mean = count === 0 ? threshold : sum / count;
  return threshold - looseness * (threshold - mean);
}

const borderPixels = (width: number, height: number): number => 2 * (width + height);

/** The border of the view, once around clockwise. */
function borderOf(region: Uint8Array, width: number, height: number): Uint8Array {
  const at = (x: number, y: number): number => region[y * width + x]!;
  const top = Array.from({ length: width }, (_, x) => at(x, 0));
  const right = Array.from({ length: height }, (_, y) => at(width - 1, y));
  const bottom = Array.from({ length: width }, (_, x) => at(width - 1 - x, height - 1));
  const left = Array.from({ length: height }, (_, y) => at(0, height - 1 - y));
  return Uint8Array.from([...top, ...right, ...bottom, ...left]);
}

const onBorder = (region: Uint8Array, width: number, height: number): number => borderOf(region, width, height).reduce((sum, own) => sum + own, 0);

function crossingsOf(region: Uint8Array, width: number, height: number): number {
  const border = borderOf(region, width, height);
  return border.reduce((runs, own, at) => runs + (own === 1 && border[(at + border.length - 1) % border.length] === 0 ? 1 : 0), 0);
}

function largestRegion(region: Uint8Array, width: number, height: number): Uint8Array | undefined {
  const labels = new Uint32Array(region.length);
  let [label, largest, size] = [0, 0, AREA_MIN * region.length];
  for (let at = 0; at < region.length; at++) {
    if (region[at] === 0 || labels[at] !== 0) continue;
    const pixels = flood(region, 1, at, width, height, labels, ++label);
    if (pixels > size) [largest, size] = [label, pixels];
  }
  return largest === 0 ? undefined : Uint8Array.from(labels, (own) => (own === largest ? 1 : 0));
}

/** What the outside can't reach from the border belongs to the hand (rings, pegs, glare). */
function fillHoles(region: Uint8Array, width: number, height: number): void {
  const labels = new Uint32Array(region.length);
  const seed = (at: number): void => {
    if (region[at] === 0 && labels[at] === 0) flood(region, 0, at, width, height, labels, 1);
  };
  for (let x = 0; x < width; x++) [x, (height - 1) * width + x].forEach(seed);
  for (let y = 0; y < height; y++) [y * width, y * width + width - 1].forEach(seed);
  for (let at = 0; at < region.length; at++) if (labels[at] === 0) region[at] = 1;
}

/** Labels the four-connected region of `value` at `start`; @returns its pixels */
function flood(region: Uint8Array, value: number, start: number, width: number, height: number, labels: Uint32Array, label: number): number {
  const stack = [start];
  labels[start] = label;
  let count = 0;
  const visit = (at: number): void => {
    if (region[at] !== value || labels[at] !== 0) return;
    labels[at] = label;
    stack.push(at);
  };
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    count++;
    const x = at % width;
    if (x > 0) visit(at - 1);
    if (x < width - 1) visit(at + 1);
    if (at >= width) visit(at - width);
    if (at < width * (height - 1)) visit(at + width);
  }
  return count;
}
