/** Lanczos approximation (g = 7, n = 9), relative error below 1e-13 for x > 0. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905, -0.13857109526572012,
  9.9843695780195716e-6, 1.5056327351493116e-7,
];

export function logGamma(x: number): number {
  const t = x + 6.5;
  const series = LANCZOS.reduce((sum, coefficient, i) => (i === 0 ? coefficient : sum + coefficient / (x + i - 1)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(series);
}

const TINY = 1e-300;
const TERMS_MAX = 10_000;
const PRECISION = 1e-15;

/** Continued fraction by Lentz's method: 1 / (1 + d1/(1 + d2/(1 + …))). */
function lentz(coefficient: (m: number) => number): number {
  let [c, d, value] = [1, 0, 1];
  for (let m = 1; m <= TERMS_MAX; m++) {
    const a = coefficient(m);
    d = 1 / (1 + a * d || TINY);
    c = 1 + a / c || TINY;
    value *= c * d;
    if (Math.abs(c * d - 1) < PRECISION) break;
  }
  return 1 / value;
}

/** Regularised incomplete beta function I_x(a, b), a, b > 0, x in [0, 1] (DLMF 8.17.22). */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  return (
    front *
    lentz((n) => {
      const m = Math.floor(n / 2);
      return n % 2 === 0 ? (m * (b - m) * x) / ((a + n - 1) * (a + n)) : (-(a + m) * (a + b + m) * x) / ((a + n - 1) * (a + n));
    })
  );
}

/** Regularised upper incomplete gamma function Q(a, x), a > 0, x ≥ 0, by its lower series (DLMF 8.11.4) or Lentz (DLMF 8.9.2). */
export function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < TERMS_MAX && term > sum * PRECISION; n++) sum += term *= x / (a + n);
    return 1 - front * sum;
  }
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let value = d;
  for (let i = 1; i < TERMS_MAX; i++) {
    const step = -i * (i - a);
    b += 2;
    d = 1 / (step * d + b || TINY);
    c = b + step / c || TINY;
    value *= d * c;
    if (Math.abs(d * c - 1) < PRECISION) break;
  }
  return front * value;
}

/** P(X > x) of a chi-square variable. */
export const chiSquareTail = (x: number, degrees: number): number => upperGamma(degrees / 2, x / 2);

/** P(Z > z) of a standard normal variable; accurate far into the tail. */
export const normalTail = (z: number): number => (z >= 0 ? 0.5 * upperGamma(0.5, (z * z) / 2) : 1 - normalTail(-z));

/** z with P(Z > z) = p, p in (0, 1): bisection on {@link normalTail}. */
export const normalQuantile = (p: number): number => (p > 0.5 ? -normalQuantile(1 - p) : bisect((z) => normalTail(z) - p, 0, 39));

/** Root of a decreasing function on [low, high]. */
export function bisect(decreasing: (x: number) => number, low: number, high: number): number {
  for (let i = 0; i < 200 && high - low > Number.EPSILON * Math.abs(high); i++) {
    const middle = (low + high) / 2;
    if (decreasing(middle) > 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
