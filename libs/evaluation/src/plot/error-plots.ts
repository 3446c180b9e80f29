import { type Evaluation } from '../evaluate.ts';
import { detPoints, rocPoints } from '../statistics/error-rates.ts';
import { renderChart } from './chart.ts';
import { logScale, linearScale, percent, probitScale } from './scale.ts';

/** Detection error trade-off (ISO/IEC 19795-1): FNMR over FMR on normal deviates; grey is what so few comparisons cannot say. */
export function detPlot(evaluations: readonly Evaluation[]): string {
  const lowX = decade(Math.min(...evaluations.map(({ limits }) => limits.fmr)));
  const lowY = decade(Math.min(...evaluations.map(({ limits }) => limits.fnmr)));
  return renderChart({
    title: 'Detection error trade-off',
    description: sentence(evaluations),
    x: { title: 'false match rate', scale: probitScale(lowX, 0.5) },
    y: { title: 'false non-match rate', scale: probitScale(lowY, 0.5) },
    series: evaluations.map((evaluation, style) => ({ name: evaluation.name, style, kind: 'line', points: detPoints(evaluation.curve).map(({ fmr, fnmr }) => [fmr, fnmr] as const) })),
    unsupported: { x: Math.min(...evaluations.map(({ limits }) => limits.fmr)), y: Math.min(...evaluations.map(({ limits }) => limits.fnmr)) },
  });
}

/** Receiver operating characteristic: true match rate over FMR, logarithmic. */
export function rocPlot(evaluations: readonly Evaluation[]): string {
  const limit = Math.min(...evaluations.map(({ limits }) => limits.fmr));
  const points = evaluations.map(({ curve }) => rocPoints(curve));
  // The lower edge shows the worst rate at which any curve is still supported, in steps of 5 %.
  const least = points.flat().reduce((low, { fmr, tmr }) => (fmr >= limit && tmr < low ? tmr : low), 1);
  const bottom = Math.min(0.95, Math.floor(least * 20) / 20);
  return renderChart({
    title: 'Receiver operating characteristic',
    description: sentence(evaluations),
    x: { title: 'false match rate', scale: logScale(decade(limit)) },
    y: { title: 'true match rate', scale: linearScale(bottom, 1, percent) },
    series: evaluations.map(({ name }, style) => ({ name, style, kind: 'line', points: points[style]!.map(({ fmr, tmr }) => [fmr, tmr] as const) })),
    unsupported: { x: limit, y: bottom },
  });
}

const decade = (rate: number): number => Math.max(1e-6, 10 ** Math.floor(Math.log10(rate)));

const sentence = (evaluations: readonly Evaluation[]): string => evaluations.map(({ name, eer }) => `${name}: equal error rate ${percent(eer.rate)}`).join('; ');
