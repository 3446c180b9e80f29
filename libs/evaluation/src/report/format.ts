import { percent } from '../plot/scale.ts';
import { type Interval } from '../statistics/intervals.ts';

export const interval = ({ lower, upper }: Interval): string => `${percent(lower)} to ${percent(upper)}`;

/** A rate with what was counted; where nothing was, the bound that this many can prove. */
export const counted = (events: number, trials: number, { upper }: Interval): string => (events === 0 ? `0 of ${whole(trials)} (< ${percent(upper)})` : `${percent(events / trials)} (${whole(events)} of ${whole(trials)})`);

/** Digits in groups of three. */
export const whole = (value: number): string => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ' ');

/** Score or parameter: at most five significant digits. */
export const figure = (value: number | null): string => (value === null || !Number.isFinite(value) ? '–' : String(Number(value.toPrecision(5))));

/** A target rate as people say it. */
export const target = (rate: number): string => (rate >= 0.01 ? percent(rate) : rate.toExponential().replace('e-', ' × 10⁻').replace(/⁻(\d+)/, (_, digits: string) => `⁻${[...digits].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('')}`).replace(/^1 × /, ''));

export const probability = (p: number): string => (p < 0.001 ? '< 0.001' : p.toFixed(3));
