import { describe, expect, test } from '@jest/globals';
import { popcount } from './popcount.ts';

describe('popcount', () => {
  test.each([
    [0, 0],
    [1, 1],
    [-1, 32],
    [1 << 31, 1],
    [0x55555555, 16],
    [0x7fffffff, 31],
  ])('of %d', (word, bits) => {
    expect(popcount(word)).toBe(bits);
  });

  test('of each single bit and its complement', () => {
    for (let bit = 0; bit < 32; bit++) expect([popcount(1 << bit), popcount(~(1 << bit))]).toEqual([1, 31]);
  });
});
