import { describe, expect, test } from '@jest/globals';
import { hostileEye } from './testing/hostile-eye.ts';

describe('hostile images of eyes', () => {
  test('take bounded time and give a template of the right form or a typed error', () => {
    for (let seed = 0; seed < 24; seed++) expect(hostileEye(seed)).toMatch(/^(template|template\.too-few-valid)$/);
  });
});
