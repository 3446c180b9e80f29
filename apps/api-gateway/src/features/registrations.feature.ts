import { gatewayMethods } from '@boop/protocol';
import { verifyEd25519 } from '../nodes/verify-ed25519.ts';
import { RegistrationLinks } from '../registrations/link-service.ts';
import { registrationLinkStore } from '../registrations/link-store.ts';
import { pruneRegistrations } from '../registrations/registration-list.ts';
import { ReEnrolmentController } from '../registrations/re-enrolment.controller.ts';
import { registrationsApi } from '../registrations/registrations.api.ts';
import { RegistrationSessionsController } from '../registrations/registration-sessions.controller.ts';
import { RegistrationsController } from '../registrations/registrations.controller.ts';
import { RegistrationService } from '../services/registration-service.ts';
import { type Core } from './core.ts';
import { type Feature, linkMethod } from './feature.ts';

/** Sessions in which a person registers palms, and links that invite to one. */
export function registrationsFeature(core: Core): Feature & { readonly service: RegistrationService } {
  const { config, database, stores, network, nodes, limits, metrics, device, sendOutbox, clock, rng, log } = core;
  const links = registrationLinkStore(database);
  const service = new RegistrationService({ store: stores.registrations, links, network, nodes, limits, sessionsPerAddress: config.registrationsPerAddress, metrics, verify: verifyEd25519, onDecision: sendOutbox, clock, rng, log });
  const invitations = new RegistrationLinks({ links, sessions: stores.registrations, registrations: service, directory: stores.directory, limits, key: device, console: network.urls.console, clock, rng });
  const done = async (work: Promise<unknown>): Promise<Record<string, never>> => {
    await work;
    return {};
  };
  return {
    name: 'registrations',
    service,
    controllers: [RegistrationsController, RegistrationSessionsController, ReEnrolmentController],
    providers: [
      { provide: RegistrationLinks, useValue: invitations },
      { provide: RegistrationService, useValue: service },
    ],
    api: registrationsApi,
    linkMethods: {
      'registration.start': linkMethod({ ...gatewayMethods['registration.start'], answer: (wish) => service.start(wish) }),
      'registration.resume': linkMethod({ ...gatewayMethods['registration.resume'], answer: ({ registrationId, secret }) => service.resume(registrationId, secret) }),
      'registration.consent': linkMethod({ ...gatewayMethods['registration.consent'], answer: ({ registrationId, consent }) => done(service.consent(registrationId, consent)) }),
      'registration.sample': linkMethod({ ...gatewayMethods['registration.sample'], answer: ({ registrationId, ...sample }) => service.sample(registrationId, sample) }),
      'registration.complete': linkMethod({ ...gatewayMethods['registration.complete'], answer: ({ registrationId, split }) => done(service.complete(registrationId, split)) }),
      'registration.cancel': linkMethod({ ...gatewayMethods['registration.cancel'], answer: ({ registrationId }) => done(service.cancel(registrationId)) }),
    },
    jobs: [{ name: 'expire registrations', everyMs: 500, run: () => service.expireDue() }, { name: 'expire registration links', everyMs: 5_000, run: () => invitations.expireDue() }, { name: 'prune registrations', everyMs: 60_000, run: () => pruneRegistrations(database, clock.nowMs()) }],
    stop: () => service.settled(),
  };
}
