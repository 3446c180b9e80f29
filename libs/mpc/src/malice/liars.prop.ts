import { describe, expect, test } from '@jest/globals';
import { subsets } from '@boop/field';
import { type PartyId } from '@boop/shared';
import fc from 'fast-check';
import { allParties } from '../testing/split-harness.ts';
import { partyIds } from '../testing/committee-harness.ts';
import { disagreements, nameLiars } from './liars.ts';

const parameters = fc.constantFrom([4, 1], [5, 1], [7, 2]).map(([nodes, threshold]) => ({ nodes: nodes!, threshold: threshold! }));

describe('naming', () => {
  test('never names an honest node, and always has a liar among its suspects', () => {
    const situation = parameters.chain(({ nodes, threshold }) => {
      const liars = fc.shuffledSubarray(allParties(nodes), { minLength: 1, maxLength: threshold });
      const others = fc.subarray(allParties(nodes));
      return fc.record({ nodes: fc.constant(nodes), threshold: fc.constant(threshold), liars, sets: fc.array(others, { minLength: 1, maxLength: 12 }), at: fc.nat() });
    });
    fc.assert(
      fc.property(situation, ({ nodes, threshold, liars, sets, at }) => {
        const accusations = sets.map((accused, i) => [...new Set([...accused, liars[(at + i) % liars.length]!])]);
        const { named, suspects } = nameLiars({ nodes, threshold }, accusations);
        expect(named.filter((party) => !liars.includes(party))).toEqual([]);
        expect(suspects.some((party) => liars.includes(party))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('finds the one liar whose committees all lied, among all committees of five', () => {
    for (const liar of allParties(5)) {
      const decisions = subsets(allParties(5), 3).map((committee) => ({ committee, answer: !committee.includes(liar) }));
      expect(nameLiars({ nodes: 5, threshold: 1 }, disagreements(decisions))).toEqual({ named: [liar], suspects: [liar] });
    }
  });

  test('suspects the members of a committee that lied once, and names none of them', () => {
    const decisions = subsets(allParties(5), 3).map((committee) => ({ committee, answer: committee.join() !== '1,2,3' }));
    expect(nameLiars({ nodes: 5, threshold: 1 }, disagreements(decisions))).toEqual({ named: [], suspects: partyIds(1, 2, 3) });
  });

  test.each<[string, PartyId[][], PartyId[], PartyId[]]>([
    ['nothing', [], [], []],
    ['one quarrel', [partyIds(1, 2)], [], partyIds(1, 2)],
    ['two quarrels with one of them', [partyIds(1, 2), partyIds(2, 4)], partyIds(2), partyIds(2)],
    ['a node caught', [partyIds(3)], partyIds(3), partyIds(3)],
    ['quarrels that no single liar explains', [partyIds(1, 2), partyIds(3, 4)], [], []],
  ])('says of %s no more than follows', (_name, accusations, named, suspects) => {
    expect(nameLiars({ nodes: 5, threshold: 1 }, accusations)).toEqual({ named, suspects });
  });

  test('with two liars among seven takes two that explain everything', () => {
    const sets = [partyIds(1, 2), partyIds(1, 3), partyIds(1, 4), partyIds(5, 6)];
    expect(nameLiars({ nodes: 7, threshold: 2 }, sets)).toEqual({ named: partyIds(1), suspects: partyIds(1, 5, 6) });
  });
});
