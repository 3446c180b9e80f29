import { exactCos, exactExp, exactSin } from '../exact-math.ts';
import { COLUMNS, ROWS, SCALES } from './format.ts';
import { ANGULAR, RADIAL, type RubberSheet } from './rubber-sheet.ts';

const TWO_PI = 6.283185307179586;
/** Wavelengths along the angle, in samples of the rubber sheet (0.9° each), and spreads of their envelopes. */
const WAVELENGTHS = [16, 30];
const SPREADS = [7, 12];
const RADIAL_SPREADS = [2.2, 3.2];

interface Filter {
  readonly reach: number;
  /** (2·reach + 1) taps, both parts without mean. */
  readonly real: Float64Array;
  readonly imaginary: Float64Array;
  readonly envelope: Float64Array;
  readonly radial: Float64Array;
  readonly radialReach: number;
}

const filters: readonly Filter[] = WAVELENGTHS.map((wavelength, scale) => {
  const spread = SPREADS[scale]!;
  const reach = Math.ceil(2.4 * spread);
  const taps = Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach);
  const envelope = normalised(taps.map((x) => exactExp((-x * x) / (2 * spread * spread))));
  const cosine = taps.map((x) => exactCos((TWO_PI * x) / wavelength));
  const mean = cosine.reduce((sum, value, i) => sum + value * envelope[i]!, 0);
  const radialReach = Math.ceil(2 * RADIAL_SPREADS[scale]!);
  return {
    reach,
    envelope,
    real: Float64Array.from(cosine, (value, i) => (value - mean) * envelope[i]!),
    imaginary: Float64Array.from(taps, (x, i) => exactSin((TWO_PI * x) / wavelength) * envelope[i]!),
    radialReach,
    radial: normalised(Array.from({ length: 2 * radialReach + 1 }, (_, i) => exactExp(-((i - radialReach) * (i - radialReach)) / (2 * RADIAL_SPREADS[scale]! * RADIAL_SPREADS[scale]!)))),
  };
});

function normalised(values: readonly number[]): Float64Array {
  const sum = values.reduce((total, value) => total + value, 0);
  return Float64Array.from(values, (value) => value / sum);
}

/** Per (row, column, scale): both parts of the answer, and the part of the filter's support that shows iris. */
export interface Responses {
  readonly real: Float64Array;
  readonly imaginary: Float64Array;
  readonly support: Float64Array;
}

/** Quadrature Gabor filters along the angle, smoothed along the radius. */
export function respond({ values, valid }: RubberSheet): Responses {
  const size = ROWS * COLUMNS * SCALES;
  const out: Responses = { real: new Float64Array(size), imaginary: new Float64Array(size), support: new Float64Array(size) };
  const line = new Float64Array(ANGULAR);
  const seen = new Float64Array(ANGULAR);
  for (let scale = 0; scale < SCALES; scale++) {
    const filter = filters[scale]!;
    for (let row = 0; row < ROWS; row++) {
      radialMean(values, valid, filter, (row * RADIAL) / ROWS + 1, line, seen);
      for (let column = 0; column < COLUMNS; column++) {
        const centre = (column * ANGULAR) / COLUMNS;
        let [real, imaginary, support] = [0, 0, 0];
        for (let i = 0; i < filter.real.length; i++) {
          let a = centre + i - filter.reach;
          if (a < 0) a += ANGULAR;
          else if (a >= ANGULAR) a -= ANGULAR;
          real += line[a]! * filter.real[i]!;
          imaginary += line[a]! * filter.imaginary[i]!;
          support += seen[a]! * filter.envelope[i]!;
        }
        const at = (row * COLUMNS + column) * SCALES + scale;
        out.real[at] = real;
        out.imaginary[at] = imaginary;
        out.support[at] = support;
      }
    }
  }
  return out;
}

/** Smooths along the radius at `centre`: deviations of valid samples from their row's mean, so that gaps pull nowhere. */
function radialMean(values: Float64Array, valid: Uint8Array, { radial, radialReach }: Filter, centre: number, line: Float64Array, seen: Float64Array): void {
  line.fill(0);
  seen.fill(0);
  for (let d = -radialReach; d <= radialReach; d++) {
    const k = Math.min(RADIAL - 1, Math.max(0, centre + d));
    const weight = radial[d + radialReach]!;
    for (let a = 0; a < ANGULAR; a++) {
      if (valid[k * ANGULAR + a] === 0) continue;
      line[a]! += weight * values[k * ANGULAR + a]!;
      seen[a]! += weight;
    }
  }
  let sum = 0;
  let count = 0;
  for (let a = 0; a < ANGULAR; a++) {
    if (seen[a]! < 0.2) continue;
    line[a]! /= seen[a]!;
    sum += line[a]!;
    count++;
  }
  const mean = count === 0 ? 0 : sum / count;
  for (let a = 0; a < ANGULAR; a++) line[a] = seen[a]! < 0.2 ? 0 : line[a]! - mean;
}
