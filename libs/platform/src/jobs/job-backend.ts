import { pollingWakeUp, type WakeUp, type WakeUpOptions } from './wake-up.ts';

/** Redis in production; BullMQ's own tables in PostgreSQL (schema `bullmq`) where there is none and processes should still wake each other. */
export type JobBackend = { readonly redisUrl: string } | { readonly databaseUrl: string };

/**
 * Wakes one of the processes that share the back end; without one each process wakes itself and polls.
 * @param name of the queue; the same in all processes that share its work
 */
export async function openWakeUp(name: string, backend: JobBackend | undefined, options: WakeUpOptions): Promise<WakeUp> {
  if (!backend) return pollingWakeUp(options);
  // BullMQ is loaded where it is used only.
  const { bullmqWakeUp } = await import('./bullmq-wake-up.ts');
  return await bullmqWakeUp(name, backend, options);
}
