import { createPostgresBackend, Queue, withBackend, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { describeError } from '../logging/redact.ts';
import { type JobBackend } from './job-backend.ts';
import { pollingWakeUp, type WakeUp, type WakeUpOptions } from './wake-up.ts';

interface JobQueue {
  add(name: string, data: object, options: object): Promise<unknown>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}

interface JobWorker {
  on(event: 'error', listener: (error: Error) => void): unknown;
  waitUntilReady(): Promise<unknown>;
  run(): Promise<void>;
  close(force: boolean): Promise<void>;
}

interface Opened {
  readonly queue: JobQueue;
  readonly worker: JobWorker;
  readonly clients: readonly Redis[];
}

/** Jobs carry nothing and are worth nothing afterwards. */
const JOB = { removeOnComplete: true, removeOnFail: true } as const;
const CLOSE_MS = 2_000;
const WARN_EVERY_MS = 10_000;
const RECONNECT_MAX_MS = 1_000;

/**
 * Wakes some process of all that share the back end and the queue's name; while the back end is away, the table is polled. On PostgreSQL the
 * back end has to be there at the start.
 */
export async function bullmqWakeUp(name: string, backend: JobBackend, options: WakeUpOptions): Promise<WakeUp> {
  const { log } = options;
  const polling = pollingWakeUp(options);
  let warnedAt = -Infinity;
  const warn = (error: unknown): void => {
    if (performance.now() - warnedAt < WARN_EVERY_MS) return;
    warnedAt = performance.now();
    log.warn('the job queue fails; the table is polled', { queue: name, error: describeError(error) });
  };
  const { queue, worker, clients } = open(name, backend, () => polling.run());
  for (const source of [queue, worker, ...clients]) source.on('error', warn);
  const close = async (): Promise<void> => {
    await polling.close();
    // Nothing is lost with a job, and a back end that is away must not keep a process from ending. A forced end leaves a worker on PostgreSQL
    // in its wait for a job, whose timer keeps the process alive for seconds; one on Redis ends its wait with the connection.
    await Promise.race([Promise.allSettled([worker.close('redisUrl' in backend), queue.close()]), new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref())]);
    for (const client of clients) client.disconnect();
  };
  if ('databaseUrl' in backend) {
    try {
      // BullMQ remembers a readiness that failed, and its worker then asks for it again and again without ever giving way to another event.
      await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
    } catch (error) {
      await close();
      throw error;
    }
  }
  worker.run().catch(warn);
  return {
    wake: (delayMs = 0) => {
      queue.add('look', {}, { ...JOB, ...(delayMs > 0 ? { delay: delayMs } : {}) }).catch((error: unknown) => {
        warn(error);
        polling.wake(delayMs);
      });
    },
    close,
  };
}

function open(name: string, backend: JobBackend, work: () => Promise<void>): Opened {
  if ('redisUrl' in backend) {
    const retryStrategy = (times: number): number => Math.min(50 * times, RECONNECT_MAX_MS);
    // Whoever adds a job must hear at once that Redis is away; whoever waits for one waits for Redis too.
    const adding = new Redis(backend.redisUrl, { retryStrategy, enableOfflineQueue: false, maxRetriesPerRequest: 1 });
    const waiting = new Redis(backend.redisUrl, { retryStrategy, maxRetriesPerRequest: null });
    return { queue: new Queue(name, { connection: adding }), worker: new Worker(name, work, { connection: waiting, autorun: false }), clients: [adding, waiting] };
  }
  const connection = { connectionString: backend.databaseUrl, schema: 'bullmq', migrate: true };
  const classes = withBackend(createPostgresBackend);
  return { queue: new classes.Queue(name, { connection }), worker: new classes.Worker(name, work, { connection, autorun: false }), clients: [] };
}
