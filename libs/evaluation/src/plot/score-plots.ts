import { type Evaluation } from '../evaluate.ts';
import { ANIMALS } from '../statistics/zoo.ts';
import { renderChart } from './chart.ts';
import { linearScale, percent } from './scale.ts';

const BINS = 60;

/** Shares of genuine and impostor scores per bin, with the working threshold. */
export function histogramPlot({ name, comparisons: { genuine, impostor }, genuine: own, impostor: others, threshold }: Evaluation): string {
  const [low, high] = [Math.min(own.min, others.min), Math.max(own.max, others.max)];
  const width = (high - low) / BINS || 1;
  const shares = (scores: Float64Array): [number, number][] => {
    const counts = new Array<number>(BINS).fill(0);
    for (const score of scores) counts[Math.min(BINS - 1, Math.floor((score - low) / width))]!++;
    return counts.flatMap((count, i) => [[low + i * width, count / scores.length], [low + (i + 1) * width, count / scores.length]] as [number, number][]);
  };
  const [genuineShares, impostorShares] = [shares(genuine.scores), shares(impostor.scores)];
  const top = Math.max(...[...genuineShares, ...impostorShares].map(([, share]) => share));
  return renderChart({
    title: `Scores: ${name}`,
    description: `Genuine scores from ${own.min} to ${own.max}, impostor scores from ${others.min} to ${others.max}.`,
    x: { title: 'score', scale: linearScale(low, low + BINS * width) },
    y: { title: 'share of comparisons', scale: linearScale(0, top * 1.05, percent) },
    series: [
      { name: 'impostor', style: 1, kind: 'area', points: impostorShares },
      { name: 'genuine', style: 0, kind: 'area', points: genuineShares },
    ],
    rules: [{ x: threshold, label: `threshold ${Number(threshold.toPrecision(6))}` }],
  });
}

/** Yager and Dunstone's zoo plot: a dot per palm, mean genuine score against mean impostor score. */
export function zooPlot({ name, zoo }: Evaluation): string {
  const bounds = (values: readonly number[]): [number, number] => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const room = (high - low) * 0.06 || 1;
    return [low - room, high + room];
  };
  const groups = [null, ...ANIMALS].map((animal) => ({ animal, members: zoo.palms.filter((palm) => palm.animal === animal) }));
  return renderChart({
    title: `Zoo plot: ${name}`,
    description: `${zoo.palms.length} palms; ${zoo.animals.map(({ animal, count }) => `${count} ${animal}${count === 1 ? '' : 's'}`).join(', ')}.`,
    x: { title: 'mean genuine score', scale: linearScale(...bounds(zoo.palms.map(({ genuine }) => genuine))) },
    y: { title: 'mean impostor score', scale: linearScale(...bounds(zoo.palms.map(({ impostor }) => impostor))) },
    series: groups.map(({ animal, members }, style) => ({ name: animal === null ? 'other' : `${animal}s`, style, kind: 'dots', points: members.map(({ genuine, impostor }) => [genuine, impostor] as const) })),
  });
}
