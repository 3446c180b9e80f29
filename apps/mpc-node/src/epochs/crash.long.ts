import { epochCrashSuite } from '../testing/epoch-crash-suite.ts';
import { FAULT_POINTS } from './fault-points.ts';

/** Every durable write, before and after it, at the node that leads and at one that follows. */
epochCrashSuite(
  'any node that dies at any write on the way to the next epoch',
  [1, 4].flatMap((victim) => FAULT_POINTS.flatMap((point) => (['before', 'after'] as const).map((when) => ({ point, when, victim })))),
);
