import { OwnerCalls, parseOwnerAuthorization } from '@boop/identity';
import { BoopError, type Clock, isBoopError } from '@boop/shared';
import { type Authenticator } from '../access/authenticator.ts';

/** `Authorization: Boop-Owner …`: a person who signs each request with the account key or a passkey. */
export function ownerAuthenticator({ networkId, clock }: { networkId: string; clock: Clock }): Authenticator {
  const calls = new OwnerCalls({ networkId, clock });
  return {
    authenticate({ method, url, headers }) {
      const { authorization } = headers;
      if (authorization === undefined || !/^Boop-Owner /i.test(authorization)) return Promise.resolve(undefined);
      try {
        const id = calls.accept(parseOwnerAuthorization(authorization), method as 'GET', url.split('?', 1)[0]!);
        return Promise.resolve({ role: 'person', id });
      } catch (error) {
        return Promise.reject(isBoopError(error) && error.kind === 'rejected' ? new BoopError('request.unauthenticated', error.message) : (error as Error));
      }
    },
  };
}
