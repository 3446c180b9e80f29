import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { seededUint32 } from '@boop/testing';
import { missingFrom, readOutcomesTable } from '../testing/malice-outcomes.ts';
import { scenarios } from '../testing/malice-scenarios.ts';
import { faultOf, liesOf, tell } from '../testing/malice-table.ts';

const documented = readOutcomesTable(
  readFileSync(new URL('../../../../docs/protocol/cheating.md', import.meta.url), 'utf8')
    .split('<!-- outcomes -->')[1]!
    .split('\n')
    .filter((line) => line.startsWith('|')),
);

// A slice of what cheating.long.ts goes through.
describe.each([
  [4, 1, 16],
  [5, 1, 16],
  [7, 2, 6],
])('(%i, %i)', (nodes, threshold, slice) => {
  test.each(scenarios(nodes, threshold).map((scenario) => [scenario.name, scenario] as const))('%s: no honest party is blamed, nobody decides wrongly where no liar sits, and the table of outcomes says so', (_name, scenario) => {
    const lies = liesOf(scenario);
    const next = seededUint32(nodes * 10 + threshold);
    const local = lies.filter(({ round }) => round === undefined).slice(-4);
    const drawn = new Set([...Array.from({ length: slice }, () => lies[next() % lies.length]!), ...local]);
    const results = [...drawn].map(tell);
    expect(results.map(faultOf).filter((fault) => fault !== undefined)).toEqual([]);
    expect(results.reduce((told, result) => told + result.told, 0)).toBeGreaterThan(0);
    expect(missingFrom(documented.get(`(${nodes}, ${threshold})`)!, results)).toEqual([]);
  });
});
