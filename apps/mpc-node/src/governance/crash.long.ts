import { governanceCrashSuite } from '../testing/governance-crash-suite.ts';
import { GOVERNANCE_FAULT_POINTS } from './fault-points.ts';

/** Every durable write, before and after it, at the node that leads and at one that follows. */
governanceCrashSuite(
  'any node that dies at any write of a proposal, a vote, the chain of manifests or an entry for the log',
  [1, 4].flatMap((victim) => GOVERNANCE_FAULT_POINTS.flatMap((point) => (['before', 'after'] as const).map((when) => ({ point, when, victim })))),
);
