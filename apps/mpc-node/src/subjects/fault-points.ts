import { type FaultHook as Hook } from '@boop/platform';

/** Every durable write of an order about a person, by name. */
export const SUBJECT_FAULT_POINTS = ['order.put'] as const;
export type SubjectFaultPoint = (typeof SUBJECT_FAULT_POINTS)[number];

export type SubjectFaultHook = Hook<SubjectFaultPoint>;
