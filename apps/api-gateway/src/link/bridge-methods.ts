import { describeError, type Handlers, type Logger } from '@boop/platform';
import { gatewayMethods, problemOf } from '@boop/protocol';
import { BoopError, type Clock } from '@boop/shared';
import { type z } from 'zod';
import { viewOf } from '../domain/authentication-view.ts';
import { parseRequest } from '../domain/invalid-request.ts';
import { type AuthenticationService } from '../services/authentication-service.ts';
import { type NetworkService } from '../services/network-service.ts';
import { type DirectoryStore } from '../services/ports.ts';
import { RateLimited } from '../services/rate-limit.ts';
import { type RegistrationService } from '../services/registration-service.ts';
import { type TerminalService } from '../services/terminal-service.ts';

type Method = keyof typeof gatewayMethods;
type Table = { [M in Method]: (body: z.output<(typeof gatewayMethods)[M]['body']>) => Promise<unknown> };

export interface BridgeDependencies {
  readonly directory: DirectoryStore;
  readonly authentications: AuthenticationService;
  readonly registrations: RegistrationService;
  readonly terminals: TerminalService;
  readonly network: NetworkService;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What the bridge may ask, one line a method; the bridge has checked who asks. */
function methodTable({ directory, authentications, registrations, terminals, network, clock }: BridgeDependencies): Table {
  const done = async (work: Promise<unknown>): Promise<Record<string, never>> => {
    await work;
    return {};
  };
  return {
    'credential.check': async ({ role, key }) => {
      const principal = await directory.principalOf(key);
      if (!principal) throw new BoopError('request.unauthenticated', 'the credential is missing, unknown or expired');
      if (principal.role !== role) throw new BoopError('request.forbidden', 'this credential may not use this channel');
      return principal;
    },
    'network.info': async () => network.info(),
    'context.create': async ({ vendorId, request }) => viewOf((await authentications.create(vendorId, request)).record, clock.nowMs()),
    'context.cancel': async ({ vendorId, contextId }) => viewOf(await authentications.cancel(vendorId, contextId), clock.nowMs()),
    'probe.submit': ({ terminalId, contextId, probe }) => done(authentications.probe(terminalId, contextId, probe)),
    'capture.failed': ({ terminalId, contextId, reason }) => done(authentications.failCapture(terminalId, contextId, reason)),
    'terminal.hello': ({ terminalId }) => done(terminals.hello(terminalId)),
    'configuration.acknowledge': ({ terminalId, version, applied, code }) => done(terminals.acknowledge(terminalId, version, { applied, code })),
    'registration.start': (wish) => registrations.start(wish),
    'registration.resume': ({ registrationId, secret }) => registrations.resume(registrationId, secret),
    'registration.consent': ({ registrationId, consent }) => done(registrations.consent(registrationId, consent)),
    'registration.sample': ({ registrationId, ...sample }) => registrations.sample(registrationId, sample),
    'registration.complete': ({ registrationId, split }) => done(registrations.complete(registrationId, split)),
    'registration.cancel': ({ registrationId }) => done(registrations.cancel(registrationId)),
  };
}

/** Handlers of the internal link. Errors cross it as codes of the public table only. */
export function bridgeHandlers(dependencies: BridgeDependencies): Handlers {
  const table = methodTable(dependencies);
  return {
    async request(_peer, method, body) {
      if (!Object.hasOwn(table, method)) throw new BoopError('link.unknown-method', 'the gateway has no such method');
      const name = method as Method;
      try {
        const parsed = parseRequest<unknown>(gatewayMethods[name].body, body);
        return await (table[name] as (input: unknown) => Promise<unknown>)(parsed);
      } catch (error) {
        throw publicError(error, name, dependencies.log);
      }
    },
    session() {},
  };
}

function publicError(error: unknown, method: Method, log: Logger): BoopError {
  const { code, detail, title, retryAllowed, status } = problemOf(error);
  if (status >= 500) log.error('request of the bridge failed', { method, code, error: describeError(error) });
  return new BoopError(code, detail ?? title, { kind: status >= 500 ? 'unavailable' : 'rejected', retryAllowed: retryAllowed || error instanceof RateLimited });
}
