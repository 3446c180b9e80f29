import { FAULT_POINTS } from './faults/fault-points.ts';
import { type CrashFault } from './testing/crashing-writer.ts';
import { crashSuite } from './testing/crash-suite.ts';

/** Every write of the ledger's writing half, before and after it. */
const points = FAULT_POINTS.filter((point) => point !== 'witness.head' && point !== 'openings.delete');
crashSuite('crash_long', points.flatMap((point) => (['before', 'after'] as const).map((when): CrashFault => ({ point, when, pass: 3 }))), 120_000);
