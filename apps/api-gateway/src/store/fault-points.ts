import { type FaultHook as Hook } from '@boop/platform';

/** Every durable write of a registration at the gateway, in order, by name; `session.ended` is an end without a registration. */
export const REGISTRATION_FAULT_POINTS = ['session.open', 'session.samples', 'session.running', 'session.done', 'session.ended', 'outbox.acknowledge'] as const;
export type RegistrationFaultPoint = (typeof REGISTRATION_FAULT_POINTS)[number];

export type RegistrationFaultHook = Hook<RegistrationFaultPoint>;
