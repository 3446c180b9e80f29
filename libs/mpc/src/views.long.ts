import { type ViewCase } from './testing/view-report.ts';
import { describeViews } from './testing/views-suite.ts';

const cases: ViewCase[] = (['one-hot', 'digits', 'bit-sliced'] as const).flatMap((backEnd) =>
  [8191, 65521].flatMap((p) => [1, 2, 3].map((threshold): ViewCase => ({ threshold, backEnd, p, lanes: 8192, masks: threshold === 1 || (threshold === 2 && p === 8191 && backEnd !== 'one-hot') }))),
);

describeViews(cases, 1_200_000);
