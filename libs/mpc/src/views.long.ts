import { subsets } from '@boop/field';
import { describe, expect, test } from '@jest/globals';
import { recordBoth, type ViewCase, type ViewReport, viewReport } from './testing/view-report.ts';

const cases: ViewCase[] = (['one-hot', 'digits', 'bit-sliced'] as const).flatMap((backEnd) =>
  [8191, 65521].flatMap((p) => [1, 2, 3].map((threshold): ViewCase => ({ threshold, backEnd, p, lanes: 8192, masks: threshold === 1 || (threshold === 2 && p === 8191 && backEnd !== 'one-hot') }))),
);

describe.each(cases)('t = $threshold, $backEnd, p = $p', (viewed) => {
  const runs = recordBoth(viewed);

  test.each(subsets([...runs[0]!.committee], viewed.threshold).map((coalition) => ({ coalition, members: coalition.join(', ') })))(
    'what $members receive up to the decision is uniform and independent of all that they know, whatever the templates',
    ({ coalition }) => {
      const [first, second] = runs.map((run) => viewReport(run, coalition, viewed.masks)) as [ViewReport, ViewReport];
      for (const { bitsReceived, bitRelations, bias, residuesReceived, residueRelations } of [first, second]) {
        expect(bitsReceived).toBeGreaterThan(50);
        expect(residuesReceived).toBe(viewed.threshold + 1);
        expect({ bitRelations, residueRelations }).toEqual({ bitRelations: 0, residueRelations: 0 });
        expect(bias).toBeLessThan(6.5);
      }
      expect(second.knownRank).toBe(first.knownRank);
      expect(second.knownResidueRank).toBe(first.knownResidueRank);
    },
    1_200_000,
  );
});
