import { expect, test } from '@jest/globals';
import { attackAll, type Target } from './fixtures/hostile.ts';
import { hostileTargets } from './fixtures/hostile-targets.ts';

const SEED = 381;
const CASES = 6_000;

test(`${CASES} hostile inputs: no parser or verifier accepts a wrong one, none crashes`, async () => {
  const counts = attackAll(await hostileTargets(), CASES, SEED);
  for (const [name, { refused }] of counts) expect([name, refused > 10]).toEqual([name, true]);
}, 120_000);

test('the attack finds a verifier that is too kind, and one that crashes', () => {
  const kind: Target = { name: 'kind', weight: 1, attack: (draw) => { if (draw(100) === 0) throw new Error('accepted what it should not'); } };
  const brittle: Target = { name: 'brittle', weight: 1, attack: () => void (undefined as unknown as string).length };
  expect(() => attackAll([kind], 2_000, SEED)).toThrow(/^kind, seed \d+: Error: accepted/);
  expect(() => attackAll([brittle], 1, SEED)).toThrow(/^brittle, seed 381: TypeError/);
});
