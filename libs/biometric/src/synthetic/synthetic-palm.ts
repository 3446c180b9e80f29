import { BoopError } from '@boop/shared';
import { exactCos, exactExp, exactSin } from '../exact-math.ts';
import { type Position } from '../encode-palm.ts';
import { type GreyImage } from '../image/grey-image.ts';
import { type Anatomy, type Point, anatomy } from './anatomy.ts';
import { SIDE, drawLine, stamp } from './canvas.ts';
import { PARAMETERS, type PalmParameters } from './parameters.ts';
import { type Stream, stream } from './random.ts';

/** Names one synthetic capture; captures 6k … 6k + 5 are of session k and differ less among themselves. */
export interface SyntheticSeed {
  /** Person, a non-negative safe integer. */
  readonly identity: number;
  readonly position: Position;
  /** A non-negative safe integer. */
  readonly capture: number;
}

export const CAPTURES_PER_SESSION = 6;
const CENTRE = SIDE / 2;
const BEND_WAVELENGTH = 160;
const CLUTTER_SPOTS = 40;
// The stream's key starts with what it is for, so that no two uses share numbers.
const ANATOMY = 1;
const SESSION = 2;
const CAPTURE = 3;

/**
 * A 128×128 region of interest of a palm that belongs to nobody: the same seed gives the same pixels on every runtime.
 * Principal lines, creases and veins of an identity; placement, bending, fading, light and noise of a session and a
 * capture. Genuine and impostor scores are fitted to the real captures (README, "Synthetic palms"). About 2 ms.
 * @throws BoopError `synthetic.seed` for anything but non-negative safe integers
 */
export function syntheticPalm(seed: SyntheticSeed): GreyImage {
  return renderPalm(seed, PARAMETERS);
}

/** {@link syntheticPalm} with other parameters: for fitting them. */
export function renderPalm({ identity, position, capture }: SyntheticSeed, p: PalmParameters): GreyImage {
  if (![identity, capture].every((value) => Number.isSafeInteger(value) && value >= 0)) {
    throw new BoopError('synthetic.seed', 'identity and capture must be non-negative integers');
  }
  const who = [identity, position === 'left-palm' ? 0 : 1];
  const session = Math.floor(capture / CAPTURES_PER_SESSION);
  const hand = anatomy(stream([ANATOMY, ...who]), position, p);
  const canvas = new Float64Array(SIDE * SIDE);
  const bySession = stream([SESSION, ...who, session]);
  const byCapture = stream([CAPTURE, ...who, capture]);
  const at = placement(bySession, byCapture, p);
  for (const line of hand.lines) drawLine(canvas, line, line.depth * exactExp(p.sessionFading * bySession.normal()), at);
  for (let i = 0; i < CLUTTER_SPOTS; i++) {
    stamp(canvas, { x: byCapture.between(0, SIDE), y: byCapture.between(0, SIDE) }, byCapture.between(3, 8), p.clutter * byCapture.normal());
  }
  return { width: SIDE, height: SIDE, pixels: expose(canvas, hand, byCapture, p) };
}

/** Rotation about the centre, shift and a smooth bend of the hand, by session and by capture. */
function placement(bySession: Stream, byCapture: Stream, p: PalmParameters): (point: Point) => Point {
  const draw = (sessionSpread: number, captureSpread: number): number => sessionSpread * flat(bySession) + captureSpread * flat(byCapture);
  const turn = draw(p.sessionTurn, p.captureTurn);
  const [shiftX, shiftY] = [draw(p.sessionShift, p.captureShift), draw(p.sessionShift, p.captureShift)];
  const bend = p.sessionBend * bySession.between(0.3, 1.7);
  const bendTowards = bySession.between(0, 2 * Math.PI);
  const [bendX, bendY] = [bend * exactCos(bendTowards), bend * exactSin(bendTowards)];
  const phase = bySession.between(0, 2 * Math.PI);
  const [cosine, sine] = [exactCos(turn), exactSin(turn)];
  return ({ x, y }) => {
    const [cx, cy] = [x - CENTRE, y - CENTRE];
    const wave = exactCos((2 * Math.PI * (cx + cy)) / BEND_WAVELENGTH + phase);
    return { x: CENTRE + cosine * cx - sine * cy + shiftX + bendX * wave, y: CENTRE + sine * cx + cosine * cy + shiftY + bendY * wave };
  };
}

/** Uniform with mean 0 and variance 1: people are asked to place the hand again long before it lies four deviations off. */
const flat = (random: Stream): number => random.between(-Math.sqrt(3), Math.sqrt(3));

/** Light from one side, sensor noise, quantisation to a byte. */
function expose(canvas: Float64Array, hand: Anatomy, random: Stream, p: PalmParameters): Uint8Array {
  const [lightX, lightY] = [0.06 * random.normal(), 0.06 * random.normal()];
  const noise = p.noise * hand.noiseGain;
  const pixels = new Uint8ClampedArray(canvas.length);
  for (let y = 0, i = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++, i++) {
      // The typed array rounds to the nearest integer and clamps to 0..255.
      pixels[i] = hand.skin + lightX * (x - CENTRE) + lightY * (y - CENTRE) + canvas[i]! + noise * random.normal();
    }
  }
  return new Uint8Array(pixels.buffer);
}
