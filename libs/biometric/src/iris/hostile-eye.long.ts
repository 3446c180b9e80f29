import { describe, expect, test } from '@jest/globals';
import { hostileEye } from './testing/hostile-eye.ts';

describe('hostile images of eyes', () => {
  test('10,000 of them', () => {
    const heapBefore = process.memoryUsage().heapUsed;
    for (let seed = 0; seed < 10_000; seed++) expect(hostileEye(seed)).toMatch(/^(template|template\.too-few-valid)$/);
    expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(256 << 20);
  }, 3_600_000);
});
