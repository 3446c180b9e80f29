import { describe, expect, test } from '@jest/globals';
import { evaluate } from '../evaluate.ts';
import { comparisonsOf, normalComparisons } from '../testing/comparisons-of.ts';
import { elementsOf } from '../testing/well-formed.ts';
import { detPlot, rocPlot } from './error-plots.ts';
import { escapeText } from './markup.ts';
import { linearScale, logScale, percent, probitScale } from './scale.ts';
import { histogramPlot, zooPlot } from './score-plots.ts';

const options = { seed: 1, replicates: 20, fta: 0, menu: [] };
const overlapping = evaluate(normalComparisons(20, 4, 2, 3), { ...options, name: 'overlapping' });
const separate = evaluate(comparisonsOf(2, [[9, 0, 0], [9, 1, 1]], [[1, 0, 1], [1, 0, 1], [1, 0, 1], [1, 0, 1]]), { ...options, name: '<script>"&' });

/** Points of a path, within the drawing. */
function pointsOf(d: string): [number, number][] {
  return [...d.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
}

describe.each([
  ['DET', detPlot([overlapping, separate])],
  ['ROC', rocPlot([overlapping, separate])],
  ['histogram', histogramPlot(overlapping)],
  ['histogram of single values', histogramPlot(separate)],
  ['zoo', zooPlot(overlapping)],
  ['zoo of two palms', zooPlot(separate)],
])('%s', (_, svg) => {
  const elements = elementsOf(svg);

  test('is well-formed, titled and in its frame', () => {
    expect(elements[0]).toMatchObject({ name: 'svg', attributes: { xmlns: 'http://www.w3.org/2000/svg', role: 'img' } });
    expect(elements.map(({ name }) => name).slice(1, 4)).toEqual(['title', 'desc', 'style']);
    expect(svg).not.toMatch(/NaN|Infinity|undefined|<script/);
    const height = Number(elements[0]!.attributes['height']);
    for (const { attributes } of elements) {
      for (const [x, y] of pointsOf(attributes['d'] ?? '')) {
        expect(x).toBeGreaterThanOrEqual(64);
        expect(x).toBeLessThanOrEqual(544);
        expect(y).toBeGreaterThanOrEqual(40);
        expect(y).toBeLessThanOrEqual(364);
      }
      if (attributes['y'] !== undefined) expect(Number(attributes['y'])).toBeLessThanOrEqual(height);
    }
  });

  test('has colours for light and dark', () => {
    expect(svg).toContain('prefers-color-scheme:dark');
    for (const name of ['ink', 'ground', 's0', 's5']) expect(svg.split(`--${name}:`).length).toBe(3);
  });
});

test('a DET curve of normal scores is straight on normal deviates', () => {
  const many = evaluate(normalComparisons(120, 6, 2, 9), { ...options, name: 'normal', replicates: 1 });
  const d = elementsOf(detPlot([many])).find(({ attributes }) => attributes['class'] === 'line0')!.attributes['d']!;
  const inner = pointsOf(d).filter(([x, y]) => x > 160 && x < 480 && y > 100 && y < 320);
  const [first, last] = [inner[0]!, inner.at(-1)!];
  expect(last[0] - first[0]).toBeGreaterThan(80);
  for (const [x, y] of inner) expect(Math.abs(y - (first[1] + ((last[1] - first[1]) * (x - first[0])) / (last[0] - first[0])))).toBeLessThan(15);
});

test('more series take more rows of legend', () => {
  expect(Number(elementsOf(detPlot([overlapping, separate, overlapping, separate]))[0]!.attributes['height'])).toBeGreaterThan(Number(elementsOf(detPlot([overlapping]))[0]!.attributes['height']));
});

describe('scales', () => {
  test('linear: round steps, edges at 0 and 1, nothing beyond', () => {
    const scale = linearScale(-500, 2048);
    expect([scale.at(-500), scale.at(774), scale.at(2048), scale.at(9999), scale.at(-9999)]).toEqual([0, 0.5, 1, 1, 0]);
    expect(scale.ticks.map(({ value }) => value)).toEqual([-500, 0, 500, 1000, 1500, 2000]);
  });

  test('log and probit put a half and equal ratios where they belong', () => {
    expect(logScale(1e-4).at(1e-2)).toBeCloseTo(0.5, 12);
    expect(logScale(1e-3).ticks.map(({ label }) => label)).toEqual(['0.1 %', '1 %', '10 %', '100 %']);
    const probit = probitScale(0.0227501319, 0.5);
    // One of two deviations.
    expect(probit.at(0.1586552539)).toBeCloseTo(0.5, 6);
  });

  test.each([[0, '0 %'], [1, '100 %'], [0.0045454, '0.455 %'], [1e-6, '0.0001 %'], [1.234e-7, '0.0000123 %']])('percent(%p)', (share, label) => {
    expect(percent(share)).toBe(label);
  });
});

test('text is escaped for XML, also what XML forbids', () => {
  expect(escapeText(`<a href="x">&'\u0000`)).toBe('&#60;a href=&#34;x&#34;&#62;&#38;&#39;\ufffd');
});
