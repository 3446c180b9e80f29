import { type EvaluationPlan } from './row-plan.ts';

/**
 * Toom-Cook correlation at the points 1…N of F_p, transposed as in Winograd: s[d] = Σ_x q[x + d]·g[x] for 0 ≤ d < m and r
 * taps is W·(L·q ∘ G·g) with N = m + r − 1, G[k][x] = k^x, W[d][k] = k^d and L the transposed inverse Vandermonde matrix.
 * Rows are padded to whole vecs, `row` and `probe` to whole groups of four points. Balanced.
 */
export interface ToomCook {
  /** G, [points][vecs of columns]. */
  readonly row: Int16Array;
  /** L, [points][vecs of points]. */
  readonly probe: Int16Array;
  /** W, [outputs][vecs of points]. */
  readonly weights: Int16Array;
}

export function toomCook({ grid, points, outputs }: EvaluationPlan, p: number): ToomCook {
  const mod = (value: number): number => ((value % p) + p) % p;
  const powers = (base: number, length: number): number[] => {
    const out = [1];
    while (out.length < length) out.push((out.at(-1)! * base) % p);
    return out;
  };
  const at = Array.from({ length: points }, (_, k) => k + 1);
  const master = at.reduce((poly, a) => timesLinear(poly, a, mod), [1]);
  const lagrange = at.map((a) => {
    const quotient = divideLinear(master, a, mod);
    const scale = inverse(quotient.reduceRight((sum, c) => mod(sum * a + c), 0), p);
    return quotient.map((c) => (c * scale) % p);
  });
  const vandermonde = at.map((a) => powers(a, Math.max(grid.columns, outputs)));
  const height = Math.ceil(points / 4) * 4;
  const transposed = Array.from({ length: outputs }, (_, d) => vandermonde.map((row) => row[d]!));
  return {
    row: padded(vandermonde.map((row) => row.slice(0, grid.columns)), height, vecs(grid.columns), p),
    probe: padded(lagrange, height, vecs(points), p),
    weights: padded(transposed, outputs, vecs(height), p),
  };
}

/** Vecs of 8 that hold so many coordinates. */
export const vecs = (coordinates: number): number => Math.ceil(coordinates / 8);

/** poly · (z − a), lowest coefficient first. */
function timesLinear(poly: number[], a: number, mod: (value: number) => number): number[] {
  return [...poly, 0].map((_, i) => mod((poly[i - 1] ?? 0) - a * (poly[i] ?? 0)));
}

/** poly / (z − a), exact. */
function divideLinear(poly: number[], a: number, mod: (value: number) => number): number[] {
  const quotient = new Array<number>(poly.length - 1);
  let carry = 0;
  for (let i = poly.length - 1; i > 0; i--) quotient[i - 1] = carry = mod(poly[i]! + carry * a);
  return quotient;
}

/** By Fermat. Operands below 2^16, products below 2^32. */
function inverse(value: number, p: number): number {
  let result = 1;
  for (let base = value, exponent = p - 2; exponent; exponent >>= 1, base = (base * base) % p) if (exponent & 1) result = (result * base) % p;
  return result;
}

function padded(rows: readonly number[][], height: number, width: number, p: number): Int16Array {
  const out = new Int16Array(height * width * 8);
  rows.forEach((row, k) => row.forEach((value, i) => (out[k * width * 8 + i] = value > (p - 1) / 2 ? value - p : value)));
  return out;
}
