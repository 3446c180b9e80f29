import { gatewayMethods } from '@boop/protocol';
import { nistAttemptLimits } from '../attempts/attempt-limits.ts';
import { attemptStore } from '../attempts/attempt-store.ts';
import { ATTEMPTS, AttemptsController, attemptsApi, TERMINAL_OWNERS } from '../attempts/attempts.controller.ts';
import { viewOf } from '../domain/authentication-view.ts';
import { AuthenticationsController } from '../http/authentications.controller.ts';
import { verifyEd25519 } from '../nodes/verify-ed25519.ts';
import { AuthenticationService } from '../services/authentication-service.ts';
import { authenticationsApi } from './authentications.api.ts';
import { type PaymentPort } from '../services/paid-run.ts';
import { type Core } from './core.ts';
import { type Feature, linkMethod } from './feature.ts';

/** Contexts, probes and their decisions. */
export function authenticationsFeature(core: Core, payments: PaymentPort, onChange: () => void): Feature & { readonly service: AuthenticationService } {
  const { config, manifest, database, stores, network, nodes, limits, metrics, device, sendOutbox, clock, rng, log } = core;
  const { directory, events } = stores;
  const attempts = attemptStore(database);
  // Test networks are measured with strangers; their limits are set where they are tested.
  const attemptLimits = config.attemptLimits ?? (manifest.testNetwork ? undefined : nistAttemptLimits);
  const onDecision = (): void => {
    sendOutbox();
    onChange();
  };
  const service = new AuthenticationService({ store: stores.authentications, directory, events, network, nodes, limits, metrics, device, verify: verifyEd25519, onDecision, payments, attempts, attemptLimits, clock, rng, log });
  return {
    name: 'authentications',
    service,
    controllers: [AuthenticationsController, AttemptsController],
    providers: [
      { provide: AuthenticationService, useValue: service },
      { provide: ATTEMPTS, useValue: attempts },
      { provide: TERMINAL_OWNERS, useValue: directory },
    ],
    api: { schemas: authenticationsApi.schemas, routes: [...authenticationsApi.routes, ...attemptsApi.routes] },
    linkMethods: {
      'context.create': linkMethod({ ...gatewayMethods['context.create'], answer: async ({ vendorId, request }) => viewOf((await service.create(vendorId, request)).record, clock.nowMs()) }),
      'context.cancel': linkMethod({ ...gatewayMethods['context.cancel'], answer: async ({ vendorId, contextId }) => viewOf(await service.cancel(vendorId, contextId), clock.nowMs()) }),
      'probe.submit': linkMethod({
        ...gatewayMethods['probe.submit'],
        answer: async ({ terminalId, contextId, probe }) => {
          await service.probe(terminalId, contextId, probe);
          return {};
        },
      }),
      'capture.failed': linkMethod({
        ...gatewayMethods['capture.failed'],
        answer: async ({ terminalId, contextId, reason }) => {
          await service.failCapture(terminalId, contextId, reason);
          return {};
        },
      }),
    },
    jobs: [{ name: 'expire contexts', everyMs: 500, run: () => service.expireDue() }],
  };
}
