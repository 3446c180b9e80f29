import { type JobBackend, openWakeUp, readSecretFile } from '@boop/platform';
import { type Core } from '../features/core.ts';
import { type Feature } from '../features/feature.ts';
import { authenticationExport, exportKind } from './authentication-export.ts';
import { JobRunner } from './job-runner.ts';
import { JobStore } from './job-store.ts';
import { jobsApi } from './jobs.api.ts';
import { JOB_IDS, JobsController, WAKE_JOBS } from './jobs.controller.ts';

const lookMs = 1_000;
const pruneMs = 60_000;

/** Work that takes longer than a request. */
export function jobsFeature({ config, database, clock, rng, log }: Core): Feature {
  const store = new JobStore(database);
  const runner = new JobRunner({ store, clock, log }, { [exportKind]: authenticationExport(database) });
  let wakeUp: Awaited<ReturnType<typeof openWakeUp>> | undefined;
  return {
    name: 'jobs',
    controllers: [JobsController],
    providers: [
      { provide: JobStore, useValue: store },
      { provide: JOB_IDS, useValue: rng },
      { provide: WAKE_JOBS, useValue: () => wakeUp?.wake() },
    ],
    api: jobsApi,
    jobs: [{ name: 'prune jobs', everyMs: pruneMs, run: () => store.prune(clock.nowMs()) }],
    start: async () => {
      const backend: JobBackend = config.redisUrlFile ? { redisUrl: readSecretFile(config.redisUrlFile) } : { databaseUrl: readSecretFile(config.databaseUrlFile) };
      wakeUp = await openWakeUp('boop-jobs', backend, { work: () => runner.look(), log, intervalMs: lookMs });
      wakeUp.wake();
    },
    stop: async () => {
      await wakeUp?.close();
    },
  };
}
