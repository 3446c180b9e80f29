import { BoopError } from '@boop/shared';
import { ROI_SIZE } from '../compcode/format.ts';
import { type GreyImage } from '../image/grey-image.ts';
import { powerSpectrum } from './spectrum.ts';

/** Why a capture looks like an attack instrument (ISO/IEC 30107-3). */
export type AttackSign = 'moire' | 'specular' | 'out-of-focus' | 'flat-print';

export const attackSigns: readonly AttackSign[] = ['moire', 'specular', 'out-of-focus', 'flat-print'];

/** What a check says of one capture. */
export interface LivenessAssessment {
  readonly outcome: 'bona-fide' | 'attack';
  readonly signs: readonly AttackSign[];
}

/** A pluggable presentation attack detection: a name with a version, and a judgement. */
export interface LivenessCheck {
  readonly id: string;
  assess(capture: GreyImage): LivenessAssessment;
}

/** Measures of {@link passivePalmCheck}; the larger, the more like an attack. */
export interface AttackMeasures {
  /** Highest isolated peak of the spectrum over the median power at its radius, natural logarithm. */
  readonly moire: number;
  /** Part of the pixels that are saturated. */
  readonly specular: number;
  /** Low over high spatial frequencies' power, natural logarithm. */
  readonly outOfFocus: number;
  /** 1 − (95th − 5th percentile) / 128 of grey levels. */
  readonly flat: number;
}

/** Beyond what any of 240 bona fide captures of two spectra shows; see docs/biometric-liveness.md for the error rates. */
const LIMITS: AttackMeasures = { moire: 7, specular: 0.015, outOfFocus: 7, flat: 0.92 };

/** Radii of frequencies that are looked at, cycles per 128 pixels. */
const PEAK_FROM = 14;
const LOW: readonly [number, number] = [3, 10];
const HIGH: readonly [number, number] = [28, 56];
const SATURATED = 250;

/**
 * Looks at one region of interest for what printing and replay leave behind: halftone and pixel grids, shine, lost focus, lost
 * contrast. A first check that needs no hardware: it stops careless attacks with prints and screens, and nobody who knows how it works.
 */
export const passivePalmCheck: LivenessCheck = {
  id: 'palm-passive-1',
  assess(capture) {
    const { moire, specular, outOfFocus, flat } = attackMeasures(capture);
    const signs: AttackSign[] = [];
    if (moire > LIMITS.moire) signs.push('moire');
    if (specular > LIMITS.specular) signs.push('specular');
    if (outOfFocus > LIMITS.outOfFocus) signs.push('out-of-focus');
    if (flat > LIMITS.flat) signs.push('flat-print');
    return { outcome: signs.length === 0 ? 'bona-fide' : 'attack', signs };
  },
};

/** @throws BoopError `capture.wrong-size` unless 128×128 */
export function attackMeasures({ width, height, pixels }: GreyImage): AttackMeasures {
  if (width !== ROI_SIZE || height !== ROI_SIZE || pixels.length !== ROI_SIZE * ROI_SIZE) throw new BoopError('capture.wrong-size', 'the region of interest must be 128×128 pixels');
  const power = powerSpectrum(pixels, ROI_SIZE);
  const rings = frequencies.map((ring) => ring.map((at) => power[at]!));
  const medians = rings.map((ring) => Float64Array.from(ring).sort()[ring.length >> 1]! + 1e-9);
  const sorted = Uint8Array.from(pixels).sort();
  const range = sorted[Math.floor(0.95 * sorted.length)]! - sorted[Math.floor(0.05 * sorted.length)]!;
  return {
    moire: highestPeak(rings, medians),
    specular: pixels.reduce((count, value) => count + (value >= SATURATED ? 1 : 0), 0) / pixels.length,
    outOfFocus: Math.log(band(medians, LOW) / band(medians, HIGH)),
    flat: 1 - range / 128,
  };
}

const fold = (f: number): number => (f < ROI_SIZE / 2 ? f : ROI_SIZE - f);
/** Positions in the spectrum by their radius, cycles per 128 pixels. */
const frequencies: readonly (readonly number[])[] = Array.from({ length: ROI_SIZE / 2 }, () => [] as number[]);
for (let at = 0; at < ROI_SIZE * ROI_SIZE; at++) {
  const [u, v] = [fold(at % ROI_SIZE), fold(Math.floor(at / ROI_SIZE))];
  (frequencies[Math.round(Math.sqrt(u * u + v * v))] as number[] | undefined)?.push(at);
}

function highestPeak(rings: readonly (readonly number[])[], medians: readonly number[]): number {
  let highest = 1;
  for (let radius = PEAK_FROM; radius < rings.length; radius++) highest = Math.max(highest, Math.max(...rings[radius]!) / medians[radius]!);
  return Math.log(highest);
}

const band = (medians: readonly number[], [from, to]: readonly [number, number]): number => medians.slice(from, to).reduce((sum, value) => sum + value, 0) / (to - from);
