import { normalQuantile } from '../statistics/special-functions.ts';

/** Maps values of [low, high] to [0, 1]; values outside are drawn at the nearer edge. */
export interface Scale {
  at(value: number): number;
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
}

export function linearScale(low: number, high: number, label: (value: number) => string = (value) => String(value)): Scale {
  const step = niceStep((high - low) / 6);
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  const values = Array.from({ length: count }, (_, i) => (first + i) * step);
  return { at: bounded(low, high, (value) => value), ticks: values.map((value) => ({ value, label: label(Number(value.toPrecision(12))) })) };
}

/** Decades from `low` (a power of ten) to 1. */
export function logScale(low: number): Scale {
  const decades = Math.round(-Math.log10(low));
  return { at: bounded(low, 1, Math.log10), ticks: Array.from({ length: decades + 1 }, (_, i) => 10 ** (i - decades)).map((value) => ({ value, label: percent(value) })) };
}

/** Normal deviates (Martin et al. 1997, the DET plot's axis): normally distributed scores give straight lines. */
export function probitScale(low: number, high: number): Scale {
  const shares = [1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.05, 0.2, 0.5].filter((value) => value >= low * 0.999 && value <= high);
  return { at: bounded(low, high, (value) => -normalQuantile(value)), ticks: shares.map((value) => ({ value, label: percent(value) })) };
}

function bounded(low: number, high: number, transform: (value: number) => number): (value: number) => number {
  const [from, to] = [transform(low), transform(high)];
  return (value) => (value <= low ? 0 : value >= high ? 1 : (transform(value) - from) / (to - from));
}

function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5].find((factor) => factor * power >= least) ?? 10) * power;
}

/** A share as a percentage with at most three significant digits. */
export function percent(share: number): string {
  const value = Number((share * 100).toPrecision(3));
  return `${value !== 0 && Math.abs(value) < 1e-3 ? value.toFixed(Math.min(8, 2 - Math.floor(Math.log10(Math.abs(value))))).replace(/0+$/, '') : String(value)} %`;
}
