import { pruneCounters } from '../limits/counter.ts';
import { type Core } from './core.ts';
import { type Feature } from './feature.ts';

const everyMs = 30_000;

/** Forgets what is over. */
export const upkeepFeature = ({ stores, database, clock }: Core): Feature => ({
  name: 'upkeep',
  jobs: [
    { name: 'prune events', everyMs, run: () => stores.events.prune(clock.nowMs()) },
    { name: 'prune idempotency keys', everyMs, run: () => stores.idempotency.prune(clock.nowMs()) },
    { name: 'prune outbox', everyMs, run: () => stores.outbox.prune(clock.nowMs()) },
    { name: 'prune counters', everyMs, run: () => pruneCounters(database, clock.nowMs()) },
  ],
});
