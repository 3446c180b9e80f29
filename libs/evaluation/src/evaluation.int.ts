import { describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type GreyImage, type Template, PALM_ENCODER, decodeImage, encodePalm, fuse, operatingPoints, score, syntheticPalm, thresholdFor } from '@boop/biometric';
import { type Capture, type CaptureSet, type TailMethod, buildReport, compareEveryPair, holdOut, plainCompCode } from './index.ts';

const root = new URL('../../../../shared/data/palms/', import.meta.url);
const files = (folder: string): string[] => readdirSync(fileURLToPath(new URL(folder, root))).sort();
type Named = Omit<Capture<GreyImage>, 'template'> & { readonly image: GreyImage };

const real = (spectrum: string): Named[] =>
  files(spectrum).flatMap((palm) =>
    files(`${spectrum}/${palm}`).map((name) => ({ palm, name, session: name.split('_')[0]!, image: decodeImage(readFileSync(fileURLToPath(new URL(`${spectrum}/${palm}/${name}`, root)))) })),
  );
const synthetic = (palms: number, captures: readonly number[]): Named[] =>
  Array.from({ length: palms }, (_, identity) =>
    captures.map((capture) => ({ palm: `s${identity}`, name: `${capture}`, session: capture < 6 ? '1' : '2', image: syntheticPalm({ identity, position: 'left-palm', capture }) })),
  ).flat();

const encode = (captures: readonly Named[], encoder: (image: GreyImage) => Template): CaptureSet<Template> => ({
  captures: captures.map(({ image, ...capture }) => ({ ...capture, template: encoder(image) })),
  failures: [],
});
const own = (image: GreyImage): Template => encodePalm(image).template;

const sets = [
  // Plain CompCode, as published, on the same captures: genuine minimum and impostor maximum.
  ...['polyu-nir', 'polyu-green'].filter((spectrum) => existsSync(new URL(spectrum, root))).map((spectrum) => ({
    name: spectrum,
    captures: () => real(spectrum),
    plain: spectrum === 'polyu-nir' ? { least: -138, most: -538 } : { least: -72, most: -456 },
    margin: spectrum === 'polyu-nir' ? 452 : 592,
  })),
  { name: 'synthetic', captures: () => synthetic(6, [0, 1, 2, 3, 6]), plain: undefined, margin: 200 },
];

describe.each(sets)('$name', ({ captures, plain, margin }) => {
  const images = captures();
  const report = buildReport({
    source: 'test',
    encoders: [
      { name: PALM_ENCODER, set: encode(images, own), menu: operatingPoints, threshold: thresholdFor().theta, fuse },
      { name: 'baseline', set: encode(images, plainCompCode), menu: [] },
    ],
    compare: score,
    samples: 3,
    seed: 1,
    replicates: 20,
  });
  const [ours, baseline, fused, first] = report.evaluations;

  test('no errors, at a distance that plain CompCode does not have', () => {
    expect(ours).toMatchObject({ eer: { rate: 0 }, areaUnderRoc: 1 });
    expect(fused).toMatchObject({ eer: { rate: 0 }, areaUnderRoc: 1 });
    expect(fused!.margin).toBeGreaterThanOrEqual(margin);
    expect(fused!.margin).toBeGreaterThan(first!.margin);
    expect(fused!.decidability!).toBeGreaterThan(first!.decidability!);
    expect(ours!.decidability!).toBeGreaterThan(baseline!.decidability!);
  });

  test('the baseline is the published one', () => {
    if (plain === undefined) expect(baseline!.genuine.count).toBe(ours!.genuine.count);
    else expect([baseline!.genuine.min, baseline!.impostor.max]).toEqual([plain.least, plain.most]);
  });

  test('the menu holds and the default threshold loses nobody', () => {
    for (const row of ours!.menu) expect(row).toMatchObject({ falseMatches: 0, kept: true });
    expect(fused!.menu.find(({ target }) => target === 1e-6)).toMatchObject({ falseNonMatches: 0 });
    expect(fused!.sessions.across!.errors).toBe(0);
  });

  test('what was not measured is not claimed', () => {
    expect(ours!.fixedRates.filter(({ supported }) => supported).every(({ target }) => target >= 3 / ours!.impostor.count)).toBe(true);
    expect(ours!.fixedRates.at(-1)).toMatchObject({ target: 1e-6, supported: false });
  });
});

describe('calibration on synthetic palms', () => {
  const captures = [...synthetic(140, [0]), ...synthetic(1, [6])].map(({ image, ...capture }) => ({ ...capture, template: own(image) }));
  const comparisons = compareEveryPair(captures, score);
  const check = (method: TailMethod) => holdOut(comparisons, method, { target: 5e-3, seed: 1, replicates: 100 })!;

  test('an extreme-value threshold from half of the palms holds on the other half', () => {
    const { checked, interval, holds } = check('generalised-pareto');
    expect(checked.comparisons).toBeGreaterThan(2400);
    expect(holds).toBe(true);
    expect([interval.lower < 5e-3, interval.upper > 5e-3]).toEqual([true, true]);
  });

  test('a normal tail is too low: the best of 25 shifts leans to high scores', () => {
    const [normal, extreme] = [check('normal'), check('generalised-pareto')];
    expect(normal.threshold).toBeLessThan(extreme.threshold);
    expect(normal.checked.fmr).toBeGreaterThan(5e-3);
  });
});
