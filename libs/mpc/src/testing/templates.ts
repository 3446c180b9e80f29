import { type Statistic } from '../statistic.ts';

/** Masked random palm codes: 88 % valid pixels, all three planes of an invalid pixel zero. */
export function randomTemplate(statistic: Statistic, next: () => number): Int8Array {
  const values = new Int8Array(statistic.coordinates);
  const pixels = statistic.coordinates - statistic.codeCoordinates;
  const planes = statistic.codeCoordinates / pixels;
  for (let pixel = 0; pixel < pixels; pixel++) {
    if (next() % 100 >= 88) continue;
    values[statistic.codeCoordinates + pixel] = 1;
    for (let plane = 0; plane < planes; plane++) values[pixel * planes + plane] = next() % 2 === 0 ? 1 : -1;
  }
  return values;
}

/** Another capture of the same hand: shifted, with `wrongPerMille` of the code bits inverted. */
export function recapture(statistic: Statistic, template: Int8Array, shift: number, wrongPerMille: number, next: () => number): Int8Array {
  const sources = statistic.shifts[shift]!;
  return template.map((_, i) => {
    const value = sources[i]! < 0 ? 0 : template[sources[i]!]!;
    return i < statistic.codeCoordinates && next() % 1000 < wrongPerMille ? -value : value;
  });
}
