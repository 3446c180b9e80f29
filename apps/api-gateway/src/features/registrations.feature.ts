import { gatewayMethods } from '@boop/protocol';
import { verifyEd25519 } from '../nodes/verify-ed25519.ts';
import { RegistrationService } from '../services/registration-service.ts';
import { type Core } from './core.ts';
import { type Feature, linkMethod } from './feature.ts';

/** Sessions in which a person registers palms. */
export function registrationsFeature(core: Core): Feature & { readonly service: RegistrationService } {
  const { stores, network, nodes, limits, metrics, sendOutbox, clock, rng, log } = core;
  const service = new RegistrationService({ store: stores.registrations, network, nodes, limits, metrics, verify: verifyEd25519, onDecision: sendOutbox, clock, rng, log });
  const done = async (work: Promise<unknown>): Promise<Record<string, never>> => {
    await work;
    return {};
  };
  return {
    name: 'registrations',
    service,
    linkMethods: {
      'registration.start': linkMethod({ ...gatewayMethods['registration.start'], answer: (wish) => service.start(wish) }),
      'registration.resume': linkMethod({ ...gatewayMethods['registration.resume'], answer: ({ registrationId, secret }) => service.resume(registrationId, secret) }),
      'registration.consent': linkMethod({ ...gatewayMethods['registration.consent'], answer: ({ registrationId, consent }) => done(service.consent(registrationId, consent)) }),
      'registration.sample': linkMethod({ ...gatewayMethods['registration.sample'], answer: ({ registrationId, ...sample }) => service.sample(registrationId, sample) }),
      'registration.complete': linkMethod({ ...gatewayMethods['registration.complete'], answer: ({ registrationId, split }) => done(service.complete(registrationId, split)) }),
      'registration.cancel': linkMethod({ ...gatewayMethods['registration.cancel'], answer: ({ registrationId }) => done(service.cancel(registrationId)) }),
    },
    jobs: [{ name: 'expire registrations', everyMs: 500, run: () => service.expireDue() }],
    stop: () => service.settled(),
  };
}
