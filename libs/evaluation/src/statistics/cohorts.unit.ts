import { describe, expect, test } from '@jest/globals';
import { comparisonsOf } from '../testing/comparisons-of.ts';
import { cohortTable, sessionTable } from './cohorts.ts';

const comparisons = comparisonsOf(
  4,
  [[10, 0, 0, false], [2, 0, 0, true], [9, 1, 1, true], [3, 2, 2, false]],
  [[1, 0, 1], [6, 2, 3], [7, 0, 2]],
);

describe('cohorts', () => {
  const cohorts = new Map([['p0', 'left'], ['p1', 'left'], ['p2', 'right'], ['gone', 'right']]);

  test('errors of each cohort, impostors within it only, palms without one apart', () => {
    expect(cohortTable(comparisons, cohorts, 5)).toMatchObject([
      { cohort: 'left', palms: 2, genuine: { errors: 1, rate: 1 / 3, comparisons: { count: 3, mean: 7 } }, impostor: { errors: 0, comparisons: { count: 1 } } },
      { cohort: 'right', palms: 1, genuine: { errors: 1, rate: 1 }, impostor: null },
      { cohort: 'unassigned', palms: 1, genuine: null, impostor: null },
    ]);
  });

  test('no table without cohorts', () => {
    expect(cohortTable(comparisons, new Map(), 5)).toEqual([]);
  });
});

test('sessions are told apart', () => {
  expect(sessionTable(comparisons, 5)).toMatchObject({ within: { errors: 1, comparisons: { count: 2 } }, across: { errors: 1, comparisons: { count: 2, mean: 5.5 } } });
  expect(sessionTable(comparisonsOf(2, [[1, 0, 0]], [[0, 0, 1]]), 5).across).toBeNull();
});
