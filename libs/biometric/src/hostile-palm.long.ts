import { describe, expect, test } from '@jest/globals';
import { hostileImage, hostileTemplate } from './testing/hostile-palm.ts';

describe('hostile captures and templates', () => {
  test('20,000 of them end in a template or a typed error, in bounded memory', () => {
    const heapBefore = process.memoryUsage().heapUsed;
    for (let seed = 0; seed < 10_000; seed++) {
      expect(hostileImage(seed)).toMatch(/^(encoded|capture\.(unreadable|unsupported-format|too-large|wrong-size))$/);
      expect(hostileTemplate(seed)).toMatch(/^(parsed|template\.(malformed|unknown-encoder|impossible-values|too-few-valid))$/);
    }
    expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(256 << 20);
  }, 3_600_000);
});
