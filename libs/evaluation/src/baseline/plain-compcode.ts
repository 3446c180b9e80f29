import { BoopError } from '@boop/shared';
import { type GreyImage, PALM_ENCODER, type Template, createTemplate } from '@boop/biometric';

const SIDE = 128;
const GRID = 32;
const ORIENTATIONS = 6;
const RADIUS = 17;
const WINDOW = 2 * RADIUS + 1;
/** Bits of orientation j, as in `palm-compcode-1`, so that the same score compares both. */
const CODEWORDS = [0b000, 0b001, 0b011, 0b111, 0b110, 0b100];

/** Pixels of the region of interest per pixel that the filters see: 1 as published, 2 after averaging 2×2. */
export type PlainScale = 1 | 2;

/**
 * The competitive code as published (Kong and Zhang, ICPR 2004): 35×35 filters of one wavelength (ω = 0.458, one octave) without
 * their mean, winner takes all, no illumination normalisation, no mask, one capture. The yardstick of `boop eval --baseline`.
 *
 * The template borrows the form of `palm-compcode-1` to be compared by the same score; it must never be enrolled beside real ones.
 * Cost: 1,024 cells × 6 × 1,225 multiplications.
 * @param scale 2 doubles the wavelength, which suits palms of low resolution better
 * @throws BoopError `capture.wrong-size` for anything but 128×128
 */
export function plainCompCode({ width, height, pixels }: GreyImage, scale: PlainScale = 1): Template {
  if (width !== SIDE || height !== SIDE) throw new BoopError('capture.wrong-size', 'the region of interest must be 128×128 pixels');
  const side = SIDE / scale;
  const cell = side / GRID;
  const padded = continueEdges(reduce(pixels, scale), side);
  const values = new Int8Array(4 * GRID * GRID).fill(1);
  for (let at = 0; at < GRID * GRID; at++) {
    const corner = (Math.floor(at / GRID) * cell + cell / 2) * (side + 2 * RADIUS) + (at % GRID) * cell + cell / 2;
    const word = CODEWORDS[darkest(padded, corner, side + 2 * RADIUS)]!;
    for (let plane = 0; plane < 3; plane++) values[at * 3 + plane] = 1 - 2 * ((word >> (2 - plane)) & 1);
  }
  return createTemplate(PALM_ENCODER, values);
}

/** Means of scale × scale pixels. */
function reduce(pixels: Uint8Array, scale: PlainScale): Float64Array {
  const side = SIDE / scale;
  const out = new Float64Array(side * side);
  for (let i = 0; i < SIDE * SIDE; i++) {
    const at = Math.floor(Math.floor(i / SIDE) / scale) * side + Math.floor((i % SIDE) / scale);
    out[at] = out[at]! + pixels[i]! / scale ** 2;
  }
  return out;
}

/** The image with RADIUS pixels more on each side, continued by the nearest pixel. */
function continueEdges(image: Float64Array, side: number): Float64Array {
  const stride = side + 2 * RADIUS;
  const nearest = (at: number): number => Math.min(side - 1, Math.max(0, at - RADIUS));
  return Float64Array.from({ length: stride * stride }, (_, i) => image[nearest(Math.floor(i / stride)) * side + nearest(i % stride)]!);
}

/** The orientation whose filter answers least in the window at `corner`; the first of equals. */
function darkest(padded: Float64Array, corner: number, stride: number): number {
  let [best, least] = [0, Infinity];
  for (let j = 0; j < ORIENTATIONS; j++) {
    const kernel = KERNELS[j]!;
    let sum = 0;
    for (let row = 0, tap = 0; row < WINDOW; row++) {
      const from = corner + row * stride;
      for (let column = 0; column < WINDOW; column++, tap++) sum += padded[from + column]! * kernel[tap]!;
    }
    if (sum < least) [best, least] = [j, sum];
  }
  return best;
}

const FREQUENCY = 0.458;
/** κ = √(2 ln 2)·(2^δ + 1)/(2^δ - 1) with a half-amplitude bandwidth of δ = 1 octave. */
const KAPPA = 3 * Math.sqrt(2 * Math.LN2);

const KERNELS: readonly Float64Array[] = Array.from({ length: ORIENTATIONS }, (_, j) => {
  const [cosine, sine] = [Math.cos((j * Math.PI) / ORIENTATIONS), Math.sin((j * Math.PI) / ORIENTATIONS)];
  const taps = Float64Array.from({ length: WINDOW * WINDOW }, (_tap, i) => {
    const [x, y] = [(i % WINDOW) - RADIUS, Math.floor(i / WINDOW) - RADIUS];
    const [across, along] = [x * cosine + y * sine, y * cosine - x * sine];
    return Math.exp((-(FREQUENCY ** 2) / (8 * KAPPA ** 2)) * (4 * across ** 2 + along ** 2)) * Math.cos(FREQUENCY * across);
  });
  const mean = taps.reduce((sum, tap) => sum + tap, 0) / taps.length;
  return taps.map((tap) => tap - mean);
});
