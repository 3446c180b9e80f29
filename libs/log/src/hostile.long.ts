import { expect, test } from '@jest/globals';
import { attackAll } from './fixtures/hostile.ts';
import { hostileTargets } from './fixtures/hostile-targets.ts';

/** The quick suite runs the first of these cases. */
const SEED = 381;
const CASES = 1_000_000;

test(`${CASES} hostile inputs: no parser or verifier accepts a wrong one, none crashes`, async () => {
  const counts = attackAll(await hostileTargets(), CASES, SEED);
  for (const [name, { refused }] of counts) expect([name, refused > 1_000]).toEqual([name, true]);
}, 3_600_000);
