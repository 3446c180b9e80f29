import { describeError } from '@boop/platform';
import { createPostgresBackend, Queue, withBackend, Worker } from 'bullmq';
import { pollingWakeUp, type WakeUp, type WakeUpOptions } from './wake-up.ts';

/** Redis in production; BullMQ's own tables in PostgreSQL (schema `bullmq`) where there is none and processes should still wake each other. */
export type JobBackend = { readonly redisUrl: string } | { readonly databaseUrl: string };

interface JobQueue {
  add(name: string, data: object, options: object): Promise<unknown>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  close(): Promise<void>;
}

const QUEUE = 'boop-settlements';
/** Jobs carry nothing and are worth nothing afterwards. */
const JOB = { removeOnComplete: true, removeOnFail: true } as const;

/**
 * Wakes some process of all that share the back end. A job holds no work: what is to be done stands in the outbox table, which is polled as
 * well, so that a lost or repeated job does no harm.
 */
export async function bullmqWakeUp(backend: JobBackend, options: WakeUpOptions): Promise<WakeUp> {
  const { log } = options;
  const polling = pollingWakeUp(options);
  const { queue, worker } = open(backend, () => polling.run());
  const warn = (error: Error): void => log.warn('the job queue fails; the table is polled', { error: describeError(error) });
  queue.on('error', warn);
  worker.on('error', warn);
  return {
    wake: () => void queue.add('look', {}, JOB).catch((error: unknown) => {
      warn(error as Error);
      polling.wake();
    }),
    close: async () => {
      await worker.close();
      await queue.close();
      await polling.close();
    },
  };
}

function open(backend: JobBackend, work: () => Promise<void>): { queue: JobQueue; worker: Pick<JobQueue, 'on' | 'close'> } {
  if ('redisUrl' in backend) {
    const connection = { url: backend.redisUrl, maxRetriesPerRequest: null };
    return { queue: new Queue(QUEUE, { connection }), worker: new Worker(QUEUE, work, { connection }) };
  }
  const connection = { connectionString: backend.databaseUrl, schema: 'bullmq', migrate: true };
  const classes = withBackend(createPostgresBackend);
  return { queue: new classes.Queue(QUEUE, { connection }), worker: new classes.Worker(QUEUE, work, { connection }) };
}
