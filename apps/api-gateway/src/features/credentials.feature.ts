import { gatewayMethods } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { apiKeyAuthenticator } from '../access/api-key-authenticator.ts';
import { type Core } from './core.ts';
import { type Feature, linkMethod } from './feature.ts';

/** API keys, for REST and for the bridge's connections. */
export function credentialsFeature({ stores }: Core): Feature {
  const { directory } = stores;
  return {
    name: 'credentials',
    authenticators: [apiKeyAuthenticator(directory)],
    linkMethods: {
      'credential.check': linkMethod({
        ...gatewayMethods['credential.check'],
        async answer({ role, key }) {
          const principal = await directory.principalOf(key);
          if (!principal) throw new BoopError('request.unauthenticated', 'the credential is missing, unknown or expired');
          if (principal.role !== role) throw new BoopError('request.forbidden', 'this credential may not use this channel');
          return principal;
        },
      }),
    },
  };
}
