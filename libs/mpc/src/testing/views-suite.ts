import { subsets } from '@boop/field';
import { describe, expect, test } from '@jest/globals';
import { recordBoth, type ViewCase, type ViewReport, viewReport } from './view-report.ts';

/** @param coalitions how many of t members each; all of them where left out */
export function describeViews(cases: readonly (ViewCase & { readonly coalitions?: number })[], timeoutMs: number): void {
  describe.each(cases)('t = $threshold, $backEnd, p = $p', ({ coalitions = Infinity, ...viewed }) => {
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
      timeoutMs,
    );
  });
}
