import { describeError, type Logger } from '@boop/platform';
import { problemOf } from '@boop/protocol';
import { type Clock } from '@boop/shared';
import { type ClaimedJob, type JobStore } from './job-store.ts';

/** Does one kind of job; may be repeated. A problem that a repetition might solve is repeated. */
export type JobHandler = (job: { vendorId: string; input: unknown }) => Promise<object>;

const leaseMs = 60_000;
const attemptsMax = 5;
const retryMs = 1_000;
/** At one look; others wait for the next. */
const batch = 20;

export class JobRunner {
  readonly #handlers: ReadonlyMap<string, JobHandler>;
  readonly #use: { store: JobStore; clock: Clock; log: Logger };

  constructor(use: { store: JobStore; clock: Clock; log: Logger }, handlers: Readonly<Record<string, JobHandler>>) {
    this.#use = use;
    this.#handlers = new Map(Object.entries(handlers));
  }

  async look(): Promise<void> {
    const { store, clock } = this.#use;
    for (let i = 0; i < batch; i++) {
      const job = await store.claim(clock.nowMs(), leaseMs);
      if (!job) return;
      await this.#do(job);
    }
  }

  async #do(job: ClaimedJob): Promise<void> {
    const { store, clock, log } = this.#use;
    try {
      const handler = this.#handlers.get(job.kind);
      if (!handler) throw new Error('nothing does jobs of this kind');
      await store.end(job, { result: await handler(job) }, clock.nowMs());
    } catch (error) {
      const { code, retryAllowed } = problemOf(error);
      log.warn('a job failed', { job: job.id, kind: job.kind, attempts: job.attempts, error: describeError(error) });
      if (retryAllowed && job.attempts < attemptsMax) await store.postpone(job, clock.nowMs() + retryMs * 2 ** job.attempts);
      else await store.end(job, { failure: code }, clock.nowMs());
    }
  }
}

/**
 * Seconds until a client should look again. One that does waits 1 s and then half as long again each time, up to 30 s: after n looks
 * 2 · (1.5ⁿ − 1) s have passed, so the next wait follows from the time alone.
 */
export const retryAfterSeconds = (elapsedMs: number): number => Math.ceil(Math.min(30, 1 + Math.max(0, elapsedMs) / 2_000));
