import { describe, expect, test } from '@jest/globals';
import { scenarios } from '../testing/malice-scenarios.ts';
import { faultOf, liesOf, tell } from '../testing/malice-table.ts';

// Every lie in every round of every protocol, by each party of (4, 1) and (5, 1) and each pair of (7, 2). The same table: bench/cheating.mjs.
describe.each([
  [4, 1],
  [5, 1],
  [7, 2],
])('(%i, %i)', (nodes, threshold) => {
  test.each(scenarios(nodes, threshold).map((scenario) => [scenario.name, scenario] as const))('%s: no honest party is blamed, nobody decides wrongly where no liar sits', (_name, scenario) => {
    const faults = liesOf(scenario).flatMap((lie) => {
      const fault = faultOf(tell(lie));
      return fault === undefined ? [] : [{ ...lie, scenario: scenario.name, fault }];
    });
    expect(faults).toEqual([]);
  }, 3_600_000);
});
