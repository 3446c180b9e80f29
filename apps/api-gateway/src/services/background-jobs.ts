import { describeError, type Logger } from '@boop/platform';
import { type NodeStatus } from '@boop/protocol';
import { type Clock } from '@boop/shared';
import { adminEvent } from '../domain/events.ts';
import { type EventStore, type IdempotencyStore, type OutboxStore } from './ports.ts';

const expiryMs = 500;
const pruneMs = 30_000;
const nodesEventMs = 10_000;

export interface JobDependencies {
  readonly authentications: { expireDue(): Promise<void> };
  readonly registrations: { expireDue(): Promise<void> };
  readonly events: EventStore;
  readonly idempotency: IdempotencyStore;
  readonly outbox: OutboxStore;
  readonly nodes: { statuses(): NodeStatus[]; on(event: 'change', listener: () => void): unknown };
  readonly clock: Clock;
  readonly log: Logger;
}

/** Expiry, pruning, and the nodes' status for dashboards, on change and now and then. @returns what ends them all */
export function startJobs(use: JobDependencies): () => Promise<void> {
  const { authentications, registrations, events, idempotency, outbox, nodes, clock, log } = use;
  const announceNodes = (): Promise<void> => events.append([adminEvent({ type: 'nodes', nodes: nodes.statuses() })]);
  nodes.on('change', () => void announceNodes().catch((error: unknown) => log.warn('node status could not be published', { error: describeError(error) })));
  const jobs = [
    every(expiryMs, 'expire contexts', async () => {
      await authentications.expireDue();
      await registrations.expireDue();
    }, log),
    every(pruneMs, 'prune', async () => {
      await events.prune(clock.nowMs());
      await idempotency.prune(clock.nowMs());
      await outbox.prune(clock.nowMs());
    }, log),
    every(nodesEventMs, 'announce nodes', announceNodes, log),
  ];
  return async () => {
    await Promise.all(jobs.map((stop) => stop()));
  };
}

/** Repeats a job, one run at a time; a failing run is logged and the next one comes as usual. */
function every(intervalMs: number, name: string, work: () => Promise<void>, log: Logger): () => Promise<void> {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= work()
      .catch((error: unknown) => log.error('a job failed', { job: name, error: describeError(error) }))
      .finally(() => (running = undefined));
  }, intervalMs);
  return async () => {
    clearInterval(timer);
    await running;
  };
}
