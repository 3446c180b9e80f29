import { epochCrashSuite } from '../testing/epoch-crash-suite.ts';
import { FAULT_POINTS } from './fault-points.ts';

/** Every durable write, before and after it, at the node that leads and at one that follows. */
epochCrashSuite(
  'any node that dies at any write on the way to the next epoch',
  [1, 4].flatMap((victim) => FAULT_POINTS.flatMap((point) => (['before', 'after'] as const).map((when) => ({ point, when, victim })))),
  // From then on the epoch counts, whatever the node could do about it.
  [1, 4].map((victim) => ({ point: 'epoch.commit' as const, when: 'after' as const, victim })),
);
