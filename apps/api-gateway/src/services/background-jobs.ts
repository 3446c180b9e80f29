import { describeError, type Logger } from '@boop/platform';
import { type RepeatedJob } from '../features/feature.ts';

/** Starts the features' jobs. @returns what ends them all, when their last run is over */
export function startJobs(jobs: readonly RepeatedJob[], log: Logger): () => Promise<void> {
  const stops = jobs.map((job) => every(job, log));
  return async () => {
    await Promise.all(stops.map((stop) => stop()));
  };
}

function every({ everyMs, name, run }: RepeatedJob, log: Logger): () => Promise<void> {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= run()
      .catch((error: unknown) => log.error('a job failed', { job: name, error: describeError(error) }))
      .finally(() => (running = undefined));
  }, everyMs);
  return async () => {
    clearInterval(timer);
    await running;
  };
}
