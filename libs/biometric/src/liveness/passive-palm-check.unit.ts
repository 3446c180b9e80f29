import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { decodeImage } from '../image/decode-image.ts';
import { type GreyImage } from '../image/grey-image.ts';
import { syntheticPalm } from '../synthetic/synthetic-palm.ts';
import { attackMeasures, type AttackSign, passivePalmCheck } from './passive-palm-check.ts';
import { fft, powerSpectrum } from './spectrum.ts';
import { type AttackSpecies, simulateAttack } from './testing/simulated-attacks.ts';

const root = fileURLToPath(new URL('../../../../../shared/data/palms/', import.meta.url));
const synthetic = Array.from({ length: 12 }, (_, identity) => syntheticPalm({ identity, position: 'left-palm', capture: identity % 6 }));
const sets: readonly (readonly [string, readonly GreyImage[]])[] = [
  ['synthetic', synthetic],
  ...['polyu-nir', 'polyu-green'].filter((spectrum) => existsSync(root + spectrum)).map((spectrum) => [spectrum, captures(root + spectrum)] as const),
];
/** Every seventh capture: all sessions and palms are among them. */
function captures(folder: string): GreyImage[] {
  const files = readdirSync(folder, { recursive: true }) as string[];
  return files.filter((file) => file.endsWith('.bmp')).sort().filter((_, i) => i % 7 === 0).map((file) => decodeImage(readFileSync(`${folder}/${file}`)));
}

describe.each(sets)('the passive check on %s', (_, bonaFide) => {
  test('takes no bona fide capture for an attack', () => {
    for (const capture of bonaFide) expect(passivePalmCheck.assess(capture)).toEqual({ outcome: 'bona-fide', signs: [] });
  });

  test.each<[AttackSpecies, AttackSign]>([
    ['halftone print', 'moire'],
    ['glossy print', 'specular'],
    ['screen replay', 'moire'],
    ['faded copy', 'flat-print'],
  ])('finds a simulated %s by its %s', (species, sign) => {
    bonaFide.forEach((capture, seed) => expect(passivePalmCheck.assess(simulateAttack(species, capture, seed)).signs).toContain(sign));
  });

  test('finds most defocused prints', () => {
    const found = bonaFide.filter((capture, seed) => passivePalmCheck.assess(simulateAttack('defocused print', capture, seed)).signs.includes('out-of-focus'));
    expect(found.length / bonaFide.length).toBeGreaterThan(0.6);
  });
});

test('another size is refused', () => {
  expect(() => attackMeasures({ width: 64, height: 256, pixels: new Uint8Array(128 * 128) })).toThrow(expect.objectContaining({ code: 'capture.wrong-size' }));
});

describe('the spectrum', () => {
  test('is the discrete Fourier transform by its definition', () => {
    const values = Array.from({ length: 16 }, (_, i) => ((i * 7) % 11) - 4);
    const [real, imaginary] = [Float64Array.from(values), new Float64Array(16)];
    fft(real, imaginary);
    for (let k = 0; k < 16; k++) {
      const at = (part: (x: number) => number): number => values.reduce((sum, value, n) => sum + value * part((-2 * Math.PI * k * n) / 16), 0);
      expect(real[k]).toBeCloseTo(at(Math.cos), 9);
      expect(imaginary[k]).toBeCloseTo(at(Math.sin), 9);
    }
  });

  test('has its peak at the frequency of a grating', () => {
    const side = 32;
    const pixels = Uint8Array.from({ length: side * side }, (_, at) => 128 + 50 * Math.cos((2 * Math.PI * (5 * (at % side) + 3 * Math.floor(at / side))) / side));
    const power = powerSpectrum(pixels, side);
    const peak = power.indexOf(Math.max(...power));
    expect([[3 * side + 5], [(side - 3) * side + side - 5]]).toContainEqual([peak]);
  });
});
