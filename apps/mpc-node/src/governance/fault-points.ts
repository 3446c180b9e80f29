import { type FaultHook as Hook } from '@boop/platform';

/** Every durable write of what custodians decide, in order, by name. */
export const GOVERNANCE_FAULT_POINTS = ['proposal.add', 'proposal.remove', 'manifest.link', 'entry.add', 'entry.written'] as const;
export type GovernanceFaultPoint = (typeof GOVERNANCE_FAULT_POINTS)[number];

export type GovernanceFaultHook = Hook<GovernanceFaultPoint>;
