import { reshapeCrashSuite, type ReshapeCrash } from '../testing/reshape-crash-suite.ts';
import { type FaultPoint } from './fault-points.ts';

const [leader, joiner, leaver] = [1, 6, 6];
const around = (change: ReshapeCrash['change'], victim: number, points: readonly FaultPoint[]): ReshapeCrash[] =>
  points.flatMap((point) => (['before', 'after'] as const).map((when) => ({ change, point, when, victim })));

// Whoever joins has no epoch before, whoever leaves is dealt nothing.
const growing = around('grow', joiner, ['epoch.begin', 'epoch.rows', 'epoch.key', 'epoch.signed', 'epoch.stopped', 'epoch.confirm', 'epoch.commit']);
const shrinking = [...around('shrink', leaver, ['epoch.begin', 'epoch.commit', 'epoch.erase']), ...around('shrink', leader, ['epoch.rows', 'epoch.signed', 'epoch.confirm', 'epoch.commit'])];

reshapeCrashSuite('any node that dies on the way to another committee: one that joins, one that leaves, one that stays', growing.flatMap((crash, at) => [crash, shrinking[at]!]));
reshapeCrashSuite('a machine that dies while it takes the place of a custodian', around('replace', 3, ['epoch.begin', 'epoch.key', 'epoch.signed', 'epoch.commit']));
