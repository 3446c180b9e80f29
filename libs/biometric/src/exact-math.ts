/**
 * cos and exp from the four IEEE 754 operations only. ECMAScript leaves the last bits of Math.cos and Math.exp to the
 * engine; + - * / and Math.sqrt it does not. What a template depends on is computed here, so that every runtime that
 * keeps to the standard makes the same bytes.
 */

const TWO_PI = 6.283185307179586;
const COSINE_TERMS = 14;
const EXP_TERMS = 12;

/** cos(x), |x| ≤ 1000; absolute error below 1e-12 (series on [-π/2, π/2] after reduction). */
export function exactCos(x: number): number {
  let turn = x - TWO_PI * Math.floor(x / TWO_PI + 0.5);
  if (turn < 0) turn = -turn;
  const mirrored = turn > TWO_PI / 4;
  if (mirrored) turn = TWO_PI / 2 - turn;
  let term = 1;
  let sum = 1;
  for (let k = 1; k <= COSINE_TERMS; k++) {
    term = (term * -(turn * turn)) / ((2 * k - 1) * (2 * k));
    sum += term;
  }
  return mirrored ? -sum : sum;
}

export const exactSin = (x: number): number => exactCos(x - TWO_PI / 4);

/** exp(x), -700 ≤ x ≤ 700; relative error below 1e-12 (series on x/2^k, squared k times). */
export function exactExp(x: number): number {
  let scaled = x;
  let squarings = 0;
  while (scaled > 0.125 || scaled < -0.125) {
    scaled /= 2;
    squarings++;
  }
  let term = 1;
  let sum = 1;
  for (let k = 1; k <= EXP_TERMS; k++) {
    term = (term * scaled) / k;
    sum += term;
  }
  for (let i = 0; i < squarings; i++) sum *= sum;
  return sum;
}
