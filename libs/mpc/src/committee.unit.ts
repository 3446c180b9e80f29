import { describe, expect, test } from '@jest/globals';
import { subsets } from '@boop/field';
import { type PartyId } from '@boop/shared';
import { committeeFamily, coversFamily } from './index.ts';
import { parameterSets, partyIds } from './testing/committee-harness.ts';

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

/** Oracle by its definition, apart from the code: for every choice of t liars, some committee without a liar. */
function survivesAnyLiars(committees: readonly PartyId[][], nodes: number, threshold: number): boolean {
  return subsets(range(nodes), threshold).every((liars) => committees.some((committee) => committee.filter((party) => liars.includes(party)).length === 0));
}

describe.each(parameterSets)('(%i, %i)', (nodes, threshold) => {
  test('every set of live nodes gives a covering family, one unverified committee, or a refusal', () => {
    for (const size of range(nodes)) {
      for (const live of subsets(range(nodes), size)) {
        const ids = partyIds(...live);
        if (size < 2 * threshold + 1) {
          expect(() => committeeFamily(ids, nodes, threshold)).toThrow(expect.objectContaining({ code: 'committee.too-few-nodes', kind: 'unavailable' }));
          continue;
        }
        const { committees, verified } = committeeFamily(ids, nodes, threshold);
        for (const committee of committees) {
          expect(committee).toHaveLength(2 * threshold + 1);
          expect(committee.every((party, i) => live.includes(party) && (i === 0 || party > committee[i - 1]!))).toBe(true);
        }
        expect(verified).toBe(size >= 3 * threshold + 1);
        expect(survivesAnyLiars(committees, nodes, threshold)).toBe(verified);
        expect(coversFamily(committees, nodes, threshold)).toBe(verified);
        if (!verified) expect(committees).toHaveLength(1);
        // No committee is idle: without any one of them, some liars are in all that is left.
        if (verified) committees.forEach((_, i) => expect(survivesAnyLiars(committees.toSpliced(i, 1), nodes, threshold)).toBe(false));
        expect(committeeFamily([...ids].reverse(), nodes, threshold)).toEqual({ committees, verified });
      }
    }
  });
});

test.each([
  [4, 1, 4],
  [5, 1, 3],
  [7, 2, 21],
])('(%i, %i) with all live takes %i committees', (nodes, threshold, count) => {
  expect(committeeFamily(partyIds(...range(nodes)), nodes, threshold).committees).toHaveLength(count);
});

test('leaving out every single node is not enough against two liars', () => {
  const singles = [partyIds(1, 2, 3, 4, 5), partyIds(3, 4, 5, 6, 7), partyIds(1, 2, 5, 6, 7)];
  expect(range(7).every((node) => singles.some((committee) => !committee.includes(partyIds(node)[0]!)))).toBe(false);
  const more = [...singles, partyIds(1, 2, 3, 4, 6)];
  expect(range(7).every((node) => more.some((committee) => !committee.includes(partyIds(node)[0]!)))).toBe(true);
  expect(coversFamily(more, 7, 2)).toBe(false);
});

test.each<[string, PartyId[][]]>([
  ['a short committee', [partyIds(1, 2), partyIds(3, 4, 5), partyIds(1, 2, 5)]],
  ['a repeated member', [partyIds(1, 2, 2), partyIds(3, 4, 5), partyIds(1, 2, 5)]],
  ['a stranger', [partyIds(1, 2, 6), partyIds(3, 4, 5), partyIds(1, 2, 5)]],
  ['no committee', []],
])('a family with %s covers nothing', (_, committees) => {
  expect(coversFamily(committees, 5, 1)).toBe(false);
});

test('refuses parameters and nodes that make no network', () => {
  for (const [nodes, threshold] of [[2, 1], [4, 2], [5, 0], [17, 1], [5, 1.5]] as const) {
    expect(() => committeeFamily(partyIds(1, 2, 3), nodes, threshold)).toThrow(expect.objectContaining({ code: 'parameters.unsupported' }));
  }
  expect(() => committeeFamily(partyIds(1, 2, 6), 5, 1)).toThrow(expect.objectContaining({ code: 'committee.unknown-node' }));
});
