import { describe, expect, test } from '@jest/globals';
import { sha256 } from '@noble/hashes/sha2.js';
import { toHex } from '@boop/shared';
import { palmEncoders, recipeOf } from '../palm-encoders.ts';
import { HALF_TAPS, WINDOW } from './kernels.ts';

const digest = (tables: readonly Int32Array[]): string => toHex(sha256(Uint8Array.from(tables.flatMap((table) => [...table].flatMap((v) => [v & 255, (v >> 8) & 255])))));

const PUBLISHED = {
  'palm-compcode-0': '8531c3ac34e867dedc46d56692863cd5043ba2447c590df2c6efdc385547bff8',
  'palm-compcode-1': '91ace4b0f1b4ee00966d53afbc6b80b5cfbac7ed71f8d5b8bd7e424b563d4550',
};

describe.each(palmEncoders)('the filter bank of %s', (encoder) => {
  const kernels = recipeOf(encoder).bank;

  test('is the published table', () => {
    expect(digest(kernels)).toBe(PUBLISHED[encoder]);
  });

  test('answers a constant with zero', () => {
    for (const kernel of kernels) expect(kernel.reduce((sum, tap) => sum + tap, 0)).toBe(0);
  });

  test('has unit norm at 2^12', () => {
    for (const kernel of kernels) {
      const norm = Math.sqrt(2 * kernel.reduce((sum, tap) => sum + tap * tap, 0));
      expect(Math.abs(norm - 4096)).toBeLessThan(4);
    }
  });

  test('mirrors left and right: the filter at π - θ is that at θ reflected', () => {
    const reflected = (kernel: Int32Array): number[] => Array.from(kernel, (_, tap) => kernel[Math.floor(tap / WINDOW) * WINDOW + WINDOW - 1 - (tap % WINDOW)]!);
    for (const [a, b] of [[0, 0], [1, 5], [2, 4], [3, 3]] as const) {
      const difference = reflected(kernels[a]!).map((tap, i) => Math.abs(tap - kernels[b]![i]!));
      // The residue of rounding sits on one tap and its reflection.
      expect(difference.filter((value) => value > 0).length).toBeLessThanOrEqual(2);
      expect(Math.max(...difference)).toBeLessThanOrEqual(30);
    }
    expect(kernels[0]!.length).toBe(HALF_TAPS);
  });
});
