import { subsets } from '@boop/field';
import { describe, expect, test } from '@jest/globals';
import { recordBoth, type ViewCase, type ViewReport, viewReport } from './testing/view-report.ts';

const cases: (ViewCase & { readonly coalitions: number })[] = [
  { threshold: 1, backEnd: 'digits', p: 8191, lanes: 1024, masks: true, coalitions: 3 },
  { threshold: 1, backEnd: 'digits', p: 65521, lanes: 1024, masks: true, coalitions: 3 },
  { threshold: 1, backEnd: 'bit-sliced', p: 8191, lanes: 1024, masks: true, coalitions: 3 },
  { threshold: 1, backEnd: 'one-hot', p: 8191, lanes: 2048, masks: true, coalitions: 3 },
  { threshold: 2, backEnd: 'digits', p: 8191, lanes: 1024, masks: false, coalitions: 2 },
  { threshold: 3, backEnd: 'digits', p: 8191, lanes: 1024, masks: false, coalitions: 1 },
];

describe.each(cases)('t = $threshold, $backEnd, p = $p', ({ coalitions, ...viewed }) => {
  const runs = recordBoth(viewed);

  test.each(subsets([...runs[0]!.committee], viewed.threshold).slice(-coalitions).map((coalition) => ({ coalition, members: coalition.join(', ') })))(
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
    120_000,
  );
});
