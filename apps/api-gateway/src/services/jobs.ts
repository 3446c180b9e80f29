import { describeError, type Logger } from '@boop/platform';

/** Repeats a job, one run at a time; a failing run is logged and the next one comes as usual. */
export function every(intervalMs: number, name: string, work: () => Promise<void>, log: Logger): () => Promise<void> {
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
