import { describeError, type Handlers, type Logger, unavailableIfOutage } from '@boop/platform';
import { problemOf } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { parseRequest } from '../domain/invalid-request.ts';
import { type Feature, type LinkMethod } from '../features/feature.ts';
import { RateLimited } from '../services/rate-limit.ts';

/** Handlers of the internal link from the features' methods. Errors cross it as codes of the public table only. */
export function linkHandlers(features: readonly Feature[], log: Logger): Handlers {
  const table = new Map<string, LinkMethod>(features.flatMap(({ linkMethods = {} }) => Object.entries(linkMethods)));
  return {
    async request(peer, name, body) {
      const method = table.get(name);
      if (!method || !(method.peers ?? ['bridge']).includes(peer.role)) throw new BoopError('link.unknown-method', 'the gateway has no such method');
      try {
        return await method.answer(parseRequest<unknown>(method.body, body));
      } catch (error) {
        throw publicError(error, name, log);
      }
    },
    session() {},
  };
}

function publicError(error: unknown, method: string, log: Logger): BoopError {
  const { code, detail, title, retryAllowed, status } = problemOf(unavailableIfOutage(error));
  if (status >= 500) log.error('request over the link failed', { method, code, error: describeError(error) });
  return new BoopError(code, detail ?? title, { kind: status >= 500 ? 'unavailable' : 'rejected', retryAllowed: retryAllowed || error instanceof RateLimited });
}
