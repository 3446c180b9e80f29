import { gatewayMethods } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { apiKeyAuthenticator } from '../access/api-key-authenticator.ts';
import { type Core } from '../features/core.ts';
import { type Feature, linkMethod } from '../features/feature.ts';
import { type VendorService } from '../vendors/vendor-service.ts';
import { ApiKeyService } from './api-key-service.ts';
import { apiKeyStore } from './api-key-store.ts';
import { ApiKeysController } from './api-keys.controller.ts';
import { credentialsApi } from './credentials.api.ts';

/** API keys, for REST and for the bridge's connections. */
export function credentialsFeature({ stores, database, limits, clock, rng }: Core, vendors: VendorService): Feature {
  const { directory } = stores;
  const service = new ApiKeyService({ store: apiKeyStore(database), vendors, limits, clock, rng });
  return {
    name: 'credentials',
    authenticators: [apiKeyAuthenticator(directory)],
    controllers: [ApiKeysController],
    providers: [{ provide: ApiKeyService, useValue: service }],
    api: credentialsApi,
    linkMethods: {
      'credential.check': linkMethod({
        ...gatewayMethods['credential.check'],
        async answer({ roles, key }) {
          const principal = await directory.principalOf(key);
          if (!principal) throw new BoopError('request.unauthenticated', 'the credential is missing, unknown or expired');
          if (!roles.some((role) => role === principal.role)) throw new BoopError('request.forbidden', 'this credential may not use this channel');
          return principal;
        },
      }),
    },
  };
}
