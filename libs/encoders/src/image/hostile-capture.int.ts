import { expect, jest, test } from '@jest/globals';
import { OUTCOME, hostileCapture, seeds } from './testing/hostile-capture.ts';
import { seededRng } from './testing/seeded-rng.ts';

jest.setTimeout(120_000);

// The first of the 20,000 of hostile-capture.long.ts.
test('damaged captures of every format end in a typed error or in an image', async () => {
  const good = await seeds();
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 150; seed++) outcomes.add(await hostileCapture(good, seededRng(seed)));
  for (const outcome of outcomes) expect(outcome).toMatch(OUTCOME);
  expect(outcomes.size).toBeGreaterThan(2);
});
