/**
 * Errors at every threshold that tells scores apart. At `thresholds[i]` (match where score ≥ threshold) there are
 * `falseMatches[i]` impostor scores at or above and `falseNonMatches[i]` genuine scores below. Thresholds ascend and end with
 * Infinity, where everything is rejected; false matches fall, false non-matches rise.
 */
export interface ErrorCurve {
  readonly thresholds: Float64Array;
  readonly falseMatches: Uint32Array;
  readonly falseNonMatches: Uint32Array;
  readonly genuineCount: number;
  readonly impostorCount: number;
}

/** False match and false non-match rate (ISO/IEC 19795-1) at one threshold. */
export interface ErrorRates {
  readonly threshold: number;
  readonly falseMatches: number;
  readonly falseNonMatches: number;
  readonly fmr: number;
  readonly fnmr: number;
}

export function errorCurve(genuine: Float64Array, impostor: Float64Array): ErrorCurve {
  const [g, m] = [Float64Array.from(genuine).sort(), Float64Array.from(impostor).sort()];
  const thresholds: number[] = [];
  const falseMatches: number[] = [];
  const falseNonMatches: number[] = [];
  let [below, rejected] = [0, 0];
  while (rejected < g.length || below < m.length) {
    const threshold = Math.min(g[rejected] ?? Infinity, m[below] ?? Infinity);
    thresholds.push(threshold);
    falseMatches.push(m.length - below);
    falseNonMatches.push(rejected);
    while (g[rejected] === threshold) rejected++;
    while (m[below] === threshold) below++;
  }
  return {
    thresholds: Float64Array.from([...thresholds, Infinity]),
    falseMatches: Uint32Array.from([...falseMatches, 0]),
    falseNonMatches: Uint32Array.from([...falseNonMatches, g.length]),
    genuineCount: g.length,
    impostorCount: m.length,
  };
}

/** Rates at any threshold. O(log n). */
export function ratesAt(curve: ErrorCurve, threshold: number): ErrorRates {
  let [low, high] = [0, curve.thresholds.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (curve.thresholds[middle]! >= threshold) high = middle;
    else low = middle + 1;
  }
  return { ...pointAt(curve, low), threshold };
}

/** Rates at the i-th threshold of the curve. */
export function pointAt(curve: ErrorCurve, i: number): ErrorRates {
  const [falseMatches, falseNonMatches] = [curve.falseMatches[i]!, curve.falseNonMatches[i]!];
  return { threshold: curve.thresholds[i]!, falseMatches, falseNonMatches, fmr: falseMatches / curve.impostorCount, fnmr: falseNonMatches / curve.genuineCount };
}

/** Receiver operating characteristic: all points (FMR, 1 - FNMR) from strict to loose, corners only. */
export function rocPoints(curve: ErrorCurve): { readonly fmr: number; readonly tmr: number }[] {
  return detPoints(curve).map(({ fmr, fnmr }) => ({ fmr, tmr: 1 - fnmr }));
}

/** Detection error trade-off: all points from strict to loose; points inside a straight step are left out. */
export function detPoints(curve: ErrorCurve): ErrorRates[] {
  const points: ErrorRates[] = [];
  for (let i = curve.thresholds.length - 1; i >= 0; i--) {
    const point = pointAt(curve, i);
    const [before, last] = [points.at(-2), points.at(-1)];
    const straight = before !== undefined && last !== undefined && ((before.fmr === last.fmr && last.fmr === point.fmr) || (before.fnmr === last.fnmr && last.fnmr === point.fnmr));
    if (straight) points.pop();
    points.push(point);
  }
  return points;
}

/** Area under the ROC: the probability that a genuine score exceeds an impostor score, ties counted half. */
export function areaUnderRoc(curve: ErrorCurve): number {
  let area = 0;
  for (let i = 0; i + 1 < curve.thresholds.length; i++) {
    const impostors = curve.falseMatches[i]! - curve.falseMatches[i + 1]!;
    const accepted = 2 * curve.genuineCount - curve.falseNonMatches[i]! - curve.falseNonMatches[i + 1]!;
    area += (impostors * accepted) / 2;
  }
  return area / (curve.genuineCount * curve.impostorCount);
}
