import { type Core } from '../features/core.ts';
import { type Feature } from '../features/feature.ts';
import { type BackgroundWork } from './background-work.ts';
import { authenticationExport, exportKind } from './authentication-export.ts';
import { JobRunner } from './job-runner.ts';
import { JobStore } from './job-store.ts';
import { jobsApi } from './jobs.api.ts';
import { JOB_IDS, JobsController, WAKE_JOBS } from './jobs.controller.ts';

const pruneMs = 60_000;

/** Work that takes longer than a request. */
export function jobsFeature({ database, clock, rng, log }: Core, background: BackgroundWork): Feature {
  const store = new JobStore(database);
  const runner = new JobRunner({ store, clock, log }, { [exportKind]: authenticationExport(database) });
  background.add(() => runner.look());
  return {
    name: 'jobs',
    controllers: [JobsController],
    providers: [
      { provide: JobStore, useValue: store },
      { provide: JOB_IDS, useValue: rng },
      { provide: WAKE_JOBS, useValue: background.wake },
    ],
    api: jobsApi,
    jobs: [{ name: 'prune jobs', everyMs: pruneMs, run: () => store.prune(clock.nowMs()) }],
    start: () => background.start(),
    stop: () => background.stop(),
  };
}
