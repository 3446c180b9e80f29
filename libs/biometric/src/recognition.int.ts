import { describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Template, decodeImage, encodePalm, fuse, score, syntheticPalm, thresholdFor, validCells } from './index.ts';

/** Captures by palm, twelve each: six of each of two sessions. */
type Gallery = readonly (readonly { readonly template: Template; readonly quality: number }[])[];

const root = new URL('../../../../shared/data/palms/', import.meta.url);
const spectra = ['polyu-nir', 'polyu-green'].filter((spectrum) => existsSync(new URL(spectrum, root)));
const list = (folder: URL): string[] => readdirSync(fileURLToPath(folder)).sort();

function realGallery(spectrum: string): Gallery {
  const folder = new URL(`${spectrum}/`, root);
  return list(folder).map((palm) =>
    list(new URL(`${palm}/`, folder)).map((file) => {
      const { template, quality } = encodePalm(decodeImage(readFileSync(fileURLToPath(new URL(`${palm}/${file}`, folder)))));
      return { template, quality: quality.score };
    }),
  );
}

const syntheticGallery = (palms: number, captures: readonly number[]): Gallery =>
  Array.from({ length: palms }, (_, identity) =>
    captures.map((capture) => {
      const { template, quality } = encodePalm(syntheticPalm({ identity, position: 'left-palm', capture }));
      return { template, quality: quality.score };
    }),
  );

const TWELVE = Array.from({ length: 12 }, (_, i) => i);
const galleries = [
  ...spectra.map((spectrum) => ({ name: spectrum, gallery: realGallery(spectrum), enrolled: 6 })),
  { name: 'synthetic', gallery: syntheticGallery(10, TWELVE), enrolled: 6 },
  { name: 'synthetic, 50 identities', gallery: syntheticGallery(50, [0, 1, 2, 3, 6, 8]), enrolled: 50 },
];
const samplesOf = (captures: Gallery[number]): Template[] => captures.slice(0, 3).map(({ template }) => template);

describe.each(galleries)('$name', ({ name, gallery, enrolled }) => {
  const { theta } = thresholdFor(undefined, enrolled);
  const references = gallery.slice(0, enrolled).map((captures) => fuse(samplesOf(captures)));

  test('all captures are good enough to enrol', () => {
    for (const { quality } of gallery.flat()) expect(quality).toBeGreaterThanOrEqual(80);
  });

  test('the three samples of a palm match each other and their fusion', () => {
    references.forEach((reference, palm) => {
      const samples = samplesOf(gallery[palm]!);
      for (const sample of samples) {
        expect(score(reference, sample)).toBeGreaterThan(theta + 60);
        for (const other of samples) expect(score(sample, other)).toBeGreaterThan(theta);
      }
      expect(validCells(reference)).toBeGreaterThan(640);
    });
  });

  test('genuine probes are accepted (one in fifty may need a second try), by their own palm only, with room to spare', () => {
    const probes = references.flatMap((reference, palm) => gallery[palm]!.slice(3).map(({ template }) => score(reference, template)));
    expect(probes.filter((value) => value < theta).length).toBeLessThanOrEqual(name.startsWith('synthetic') ? probes.length / 50 : 0);
    references.forEach((reference, palm) => {
      gallery.forEach((captures, other) => {
        if (other !== palm) for (const { template } of captures) expect(score(reference, template)).toBeLessThan(theta - 200);
      });
    });
  });
});

interface Scores {
  readonly genuine: number[];
  readonly impostor: number[];
}

function scoresOf(galleriesOfOneKind: readonly Gallery[]): Scores {
  const scores: Scores = { genuine: [], impostor: [] };
  for (const gallery of galleriesOfOneKind) {
    const captures = gallery.flatMap((palm, id) => palm.map(({ template }) => ({ id, template })));
    captures.forEach((a, i) => {
      for (const b of captures.slice(i + 1)) (a.id === b.id ? scores.genuine : scores.impostor).push(score(a.template, b.template));
    });
  }
  return scores;
}

/** Two-sample Kolmogorov-Smirnov distance. */
function distance(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [Float64Array.from(a).sort(), Float64Array.from(b).sort()];
  let [i, j, largest] = [0, 0, 0];
  while (i < x.length && j < y.length) {
    const value = Math.min(x[i]!, y[j]!);
    while (i < x.length && x[i]! <= value) i++;
    while (j < y.length && y[j]! <= value) j++;
    largest = Math.max(largest, Math.abs(i / x.length - j / y.length));
  }
  return largest;
}


/**
 * Every 5 % quantile of 1,320 genuine and 12,960 impostor scores of single captures, both spectra together: what the
 * synthetic palms were fitted to, for where the captures themselves are absent.
 */
const REAL_QUANTILES: Scores = {
  genuine: [40, 330, 412, 472, 516, 564, 606, 644, 682, 716, 752, 782, 816, 856, 890, 938, 978, 1040, 1102, 1212, 1484],
  impostor: [-874, -790, -770, -756, -744, -734, -724, -716, -706, -698, -688, -680, -670, -660, -648, -636, -622, -602, -580, -544, -382],
};

/** A sample with the given quantiles, 40 values to each step. */
const sampleOf = (quantiles: readonly number[]): number[] =>
  quantiles.slice(1).flatMap((end, i) => Array.from({ length: 40 }, (_, k) => quantiles[i]! + ((end - quantiles[i]!) * (k + 0.5)) / 40));

/** Where the real captures are absent, a second set of synthetic palms stands in, so that each check still runs. */
const reference = spectra.length > 0 ? galleries.slice(0, spectra.length).map(({ gallery }) => gallery) : [syntheticGallery(20, TWELVE).slice(10)];

describe('against plain CompCode', () => {
  // Genuine minimum minus impostor maximum of plain CompCode on the same captures: 452 near infrared, 592 green.
  test.each(reference.map((gallery, i) => [spectra[i] ?? 'synthetic', gallery, spectra[i] === 'polyu-nir' ? 452 : spectra[i] === 'polyu-green' ? 592 : 200] as const))(
    'three samples of %s are at least as far from strangers',
    (_, gallery, margin) => {
      const enrolled = gallery.map((captures) => fuse(samplesOf(captures)));
      const genuine = enrolled.flatMap((fused, palm) => gallery[palm]!.slice(3).map(({ template }) => score(fused, template)));
      const impostor = enrolled.flatMap((fused, palm) => gallery.flatMap((captures, other) => (other === palm ? [] : captures.slice(3).map(({ template }) => score(fused, template)))));
      expect(Math.min(...genuine) - Math.max(...impostor)).toBeGreaterThanOrEqual(margin);
    },
  );
});

describe('synthetic palms', () => {
  test('score like real ones, genuine and impostor', () => {
    const [genuine, impostor] = [sampleOf(REAL_QUANTILES.genuine), sampleOf(REAL_QUANTILES.impostor)];
    const synthetic = scoresOf([syntheticGallery(36, [0, 1, 2, 6, 7, 8])]);
    expect(distance(synthetic.genuine, genuine)).toBeLessThan(0.1);
    expect(distance(synthetic.impostor, impostor)).toBeLessThan(0.1);
    if (spectra.length < 2) return;
    const real = scoresOf(reference);
    expect(distance(real.genuine, genuine)).toBeLessThan(0.03);
    expect(distance(real.impostor, impostor)).toBeLessThan(0.03);
  });
});

describe('calibration', () => {
  test('no stranger comes near the loosest operating point', () => {
    for (const gallery of reference) {
      const enrolled = gallery.map((captures) => fuse(samplesOf(captures)));
      const impostor = enrolled.flatMap((fused, palm) => gallery.flatMap((captures, other) => (other === palm ? [] : captures.map(({ template }) => score(fused, template)))));
      expect(Math.max(...impostor)).toBeLessThan(thresholdFor(1e-4).theta - 200);
    }
  });
});
