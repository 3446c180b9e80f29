import { type Orderer, subjectCrashSuite } from '../testing/subject-crash-suite.ts';
import { SUBJECT_FAULT_POINTS } from './fault-points.ts';

const whens = ['before', 'after'] as const;
const victims = [1, 4];

/** Every durable write, before and after it, at the node that leads and at one that follows; what owners order of erasures is a test of galleries. */
subjectCrashSuite('any node that dies at any write of an order about a person', [
  ...victims.flatMap((victim) => SUBJECT_FAULT_POINTS.flatMap((point) => (['owner', 'custodians'] satisfies Orderer[]).flatMap((by) => whens.map((when) => ({ point, by, when, victim }))))),
  ...victims.flatMap((victim) => (['custodians', 'retention'] satisfies Orderer[]).flatMap((by) => whens.map((when) => ({ point: 'erasure.rows' as const, by, when, victim })))),
]);
