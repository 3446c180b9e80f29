import { BoopError } from '@boop/shared';
import { subsets } from './combinations.ts';
import { type Field } from './field.ts';

/** Value at `x` of the polynomial with these coefficients, constant term first (Horner). */
export function evaluatePolynomial(field: Field, coefficients: ArrayLike<number>, x: number): number {
  let value = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) value = (value * x + coefficients[i]!) % field.p;
  return value;
}

/**
 * Lagrange coefficients: for every polynomial f of degree < points.length, f(at) = Σ λᵢ·f(pointsᵢ).
 * Throws BoopError `field.repeated-point` when two points are equal mod p.
 */
export function lagrangeCoefficients(field: Field, points: readonly number[], at = 0): number[] {
  if (new Set(points.map(field.reduce)).size !== points.length) throw new BoopError('field.repeated-point', 'points must differ', { kind: 'fatal' });
  return points.map((xi, i) => {
    let numerator = 1;
    let denominator = 1;
    points.forEach((xj, j) => {
      if (j === i) return;
      numerator = field.mul(numerator, field.reduce(at - xj));
      denominator = field.mul(denominator, field.reduce(xi - xj));
    });
    return field.mul(numerator, field.inv(denominator));
  });
}

/** Value at `at` of the polynomial of degree < points.length through these points. */
export function interpolate(field: Field, points: readonly number[], values: readonly number[], at = 0): number {
  let value = 0;
  lagrangeCoefficients(field, points, at).forEach((coefficient, i) => (value = (value + coefficient * values[i]!) % field.p));
  return value;
}

/** Whether some polynomial of degree ≤ `degree` goes through all these points (a Reed-Solomon word). */
export function isCodeword(field: Field, points: readonly number[], values: readonly number[], degree: number): boolean {
  const basePoints = points.slice(0, degree + 1);
  const baseValues = values.slice(0, degree + 1);
  for (let i = degree + 1; i < points.length; i++) if (interpolate(field, basePoints, baseValues, points[i]!) !== values[i]) return false;
  return true;
}

export interface Decoded {
  /** The polynomial's value at 0. */
  readonly value: number;
  /** Points whose values were wrong, ascending as given. */
  readonly wrong: readonly number[];
}

/**
 * Reed-Solomon decoding by exclusion: drops up to `errorsMax` points until the rest is a word. Unique, hence right, only
 * while points.length ≥ degree + 1 + 2·errorsMax; a larger `errorsMax` throws BoopError `field.undecodable-bound`.
 * Cost C(points, errors) interpolations: for the handful of nodes of a network.
 * @returns null when more than `errorsMax` values are wrong
 */
export function decodeByExclusion(field: Field, points: readonly number[], values: readonly number[], degree: number, errorsMax: number): Decoded | null {
  if (points.length < degree + 1 + 2 * errorsMax) throw new BoopError('field.undecodable-bound', 'too few points for that many errors', { kind: 'fatal' });
  const indices = points.map((_, i) => i);
  for (let errors = 0; errors <= errorsMax; errors++) {
    for (const wrong of subsets(indices, errors)) {
      const kept = indices.filter((i) => !wrong.includes(i));
      const keptPoints = kept.map((i) => points[i]!);
      const keptValues = kept.map((i) => values[i]!);
      if (!isCodeword(field, keptPoints, keptValues, degree)) continue;
      return { value: interpolate(field, keptPoints.slice(0, degree + 1), keptValues.slice(0, degree + 1)), wrong: wrong.map((i) => points[i]!) };
    }
  }
  return null;
}
