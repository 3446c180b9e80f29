import { expect, test } from '@jest/globals';
import { partyId } from '@boop/shared';
import { SignerRoster } from './signer-roster.ts';

test('a node at fault is left out for a while, and comes back early only where it takes it', () => {
  let nowMs = 0;
  const roster = new SignerRoster({ nowMs: () => nowMs }, 100);
  const all = [1, 2, 3, 4].map(partyId);
  roster.fault(partyId(2));
  nowMs = 50;
  roster.fault(partyId(1));
  expect(roster.choose(all, 2)).toEqual([3, 4]);
  expect(roster.choose(all, 3)).toEqual([3, 4, 2]);
  expect(roster.choose(all, 4)).toEqual([3, 4, 2, 1]);
  nowMs = 120;
  expect(roster.choose(all, 2)).toEqual([2, 3, 4]);
  nowMs = 150;
  expect(roster.choose(all, 2)).toEqual(all);
});
