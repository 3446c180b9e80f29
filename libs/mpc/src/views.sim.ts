import { describeViews } from './testing/views-suite.ts';

const cases: Parameters<typeof describeViews>[0] = [
  { threshold: 1, backEnd: 'digits', p: 8191, lanes: 1024, masks: true, coalitions: 3 },
  { threshold: 1, backEnd: 'digits', p: 65521, lanes: 1024, masks: true, coalitions: 3 },
  { threshold: 1, backEnd: 'bit-sliced', p: 8191, lanes: 1024, masks: true, coalitions: 3 },
  { threshold: 1, backEnd: 'one-hot', p: 8191, lanes: 2048, masks: true, coalitions: 3 },
  { threshold: 2, backEnd: 'digits', p: 8191, lanes: 1024, masks: false, coalitions: 2 },
  { threshold: 3, backEnd: 'digits', p: 8191, lanes: 1024, masks: false, coalitions: 1 },
];

describeViews(cases, 120_000);
