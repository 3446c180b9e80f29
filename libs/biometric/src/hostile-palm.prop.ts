import { expect, test } from '@jest/globals';
import { hostileImage, hostileTemplate } from './testing/hostile-palm.ts';

// The first of the 20,000 of hostile-palm.long.ts.
test('hostile captures end in a template or a typed error, and both happen', () => {
  const outcomes = Array.from({ length: 150 }, (_, seed) => hostileImage(seed));
  for (const outcome of outcomes) expect(outcome).toMatch(/^(encoded|capture\.(unreadable|unsupported-format|too-large|wrong-size))$/);
  expect(new Set(outcomes).size).toBeGreaterThan(3);
});

test('hostile templates end in a template or a typed error, and both happen', () => {
  const outcomes = Array.from({ length: 600 }, (_, seed) => hostileTemplate(seed));
  for (const outcome of outcomes) expect(outcome).toMatch(/^(parsed|template\.(malformed|unknown-encoder|impossible-values|too-few-valid))$/);
  expect(new Set(outcomes)).toContain('parsed');
  expect(new Set(outcomes).size).toBeGreaterThan(3);
});
