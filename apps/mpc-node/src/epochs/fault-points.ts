import { type FaultHook as Hook } from '@boop/platform';

/** Every durable write on the way from one epoch to the next, in order, by name. */
export const FAULT_POINTS = ['epoch.begin', 'epoch.rows', 'epoch.key', 'epoch.signed', 'epoch.stopped', 'epoch.confirm', 'epoch.commit', 'epoch.erase'] as const;
export type FaultPoint = (typeof FAULT_POINTS)[number];

export type FaultHook = Hook<FaultPoint>;
