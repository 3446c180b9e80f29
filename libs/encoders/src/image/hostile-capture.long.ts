import { expect, test } from '@jest/globals';
import { OUTCOME, hostileCapture, seeds } from './testing/hostile-capture.ts';
import { seededRng } from './testing/seeded-rng.ts';

test('20,000 damaged captures of every format: typed errors or images, in bounded memory', async () => {
  const good = await seeds();
  const before = process.memoryUsage().rss;
  for (let seed = 0; seed < 20_000; seed++) expect(await hostileCapture(good, seededRng(seed))).toMatch(OUTCOME);
  expect(process.memoryUsage().rss - before).toBeLessThan(512 << 20);
}, 3_600_000);
