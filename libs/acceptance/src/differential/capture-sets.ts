import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createIrisTemplate, decodeImage, encodeIris, encodePalm, syntheticEye, syntheticPalm, thresholdFor } from '@boop/biometric';
import { irisStatistic, palmStatistic, score, type Statistic } from '@boop/mpc';
import { projectRoot, realPalms } from '../captures.ts';

/** Probes and rows, each pair of which is compared, and what comes out in the clear. */
export interface CaptureSet {
  readonly name: string;
  readonly statistic: Statistic;
  readonly probes: readonly Int8Array[];
  /** Among the probes. */
  readonly rows: readonly Int8Array[];
  /** The calibrated threshold where there is one, and one that about half of all pairs reach. */
  readonly thetas: readonly number[];
  /** Scores in the clear, [probe][row]. */
  readonly scores: readonly (readonly number[])[];
}

const SYNTHETIC_PALMS = 10;
const CAPTURES_PER_PALM = 12;
const IRIS_ROW_STEP = 8;

/** All captures against the first one of each palm. @param capturesMax of each palm */
export function palmSet(name: 'polyu-nir' | 'polyu-green', capturesMax = CAPTURES_PER_PALM): CaptureSet {
  const real = [...realPalms(name).values()].flatMap((files) => files.slice(0, capturesMax).map((file) => decodeImage(file)));
  const synthetic = (): ReturnType<typeof syntheticPalm>[] =>
    Array.from({ length: SYNTHETIC_PALMS * capturesMax }, (_, i) => syntheticPalm({ identity: Math.floor(i / capturesMax), position: 'left-palm', capture: i % capturesMax }));
  const images = real.length > 0 ? real : synthetic();
  return captureSet(real.length > 0 ? name : 'synthetic palms', palmStatistic, images.map((image) => encodePalm(image).template.values), capturesMax, [thresholdFor().theta]);
}

/** Two published iris codes, or those of two synthetic eyes, each turned by up to ±15 columns in steps of `step`, against every eighth of these. */
export function irisSet(step = 1): CaptureSet {
  const real = realIrises();
  const eyes = real ?? [1, 2].map((identity) => encodeIris(syntheticEye({ identity, capture: 0 }).image).template.values);
  const turned = eyes.flatMap((eye) => irisStatistic.shifts.filter((_, i) => i % step === 0).map((sources) => Int8Array.from(eye, (_, i) => eye[sources[i]!]!)));
  return captureSet(real ? 'iris codes' : 'synthetic irises', irisStatistic, turned, IRIS_ROW_STEP, []);
}

function realIrises(): Int8Array[] | undefined {
  const file = join(projectRoot, '../shared/data/iris/iris_codes.json');
  if (!existsSync(file)) return undefined;
  const codes = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  return ['left', 'right'].map((side) => {
    const [code, mask] = [`${side}_iris_code`, `${side}_mask_code`].map((name) => bitsOf(codes[name]!)) as [Uint8Array, Uint8Array];
    const pairs = code.length / 2;
    const values = new Int8Array(3 * pairs);
    for (let pair = 0; pair < pairs; pair++) {
      const valid = mask[2 * pair]! & mask[2 * pair + 1]!;
      values[code.length + pair] = valid;
      for (const part of [0, 1]) values[2 * pair + part] = valid === 1 ? 1 - 2 * code[2 * pair + part]! : 0;
    }
    return createIrisTemplate('iris-gabor-1', values).values;
  });
}

function bitsOf(base64: string): Uint8Array {
  const bytes = Buffer.from(base64, 'base64');
  return Uint8Array.from({ length: 8 * bytes.length }, (_, i) => (bytes[i >> 3]! >> (7 - (i & 7))) & 1);
}

function captureSet(name: string, statistic: Statistic, probes: readonly Int8Array[], rowStep: number, calibrated: readonly number[]): CaptureSet {
  const rows = probes.filter((_, i) => i % rowStep === 0);
  const scores = probes.map((probe) => rows.map((row) => score(statistic, probe, row)));
  const sorted = scores.flat().sort((a, b) => a - b);
  return { name, statistic, probes, rows, thetas: [...calibrated, sorted[sorted.length >> 1]!], scores };
}
