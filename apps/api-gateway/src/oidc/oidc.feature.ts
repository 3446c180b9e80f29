import { dirname, join } from 'node:path';
import { type Core } from '../features/core.ts';
import { type Feature } from '../features/feature.ts';
import { type AuthenticationService } from '../services/authentication-service.ts';
import { AccessTokenAuthenticator } from './access-tokens/access-token-authenticator.ts';
import { pruneArtifacts } from './artifacts/artifact-adapter.ts';
import { BackchannelRequests } from './ciba/backchannel-requests.ts';
import { settleBackchannelRequests } from './ciba/backchannel-settlement.ts';
import { oidcClientApi } from './clients/oidc-client.api.ts';
import { OidcClientController } from './clients/oidc-client.controller.ts';
import { ClientStore } from './clients/client-store.ts';
import { limitRequests } from './limit-requests.ts';
import { acceptedWays } from './login/acr.ts';
import { mountLogin } from './login/login-routes.ts';
import { LoginService } from './login/login-service.ts';
import { PalmLogins } from './login/palm-logins.ts';
import { mountProvider } from './mount-provider.ts';
import { openOidcSecrets } from './oidc-secrets.ts';
import { type OidcSurroundings } from './provider/oidc-surroundings.ts';
import { ProviderHost } from './provider/provider-host.ts';
import { mountPasskeys } from '../passkeys/passkey-routes.ts';
import { PasskeyService } from '../passkeys/passkey-service.ts';

/** The OpenID provider: relying parties are vendors, sign-ins are authentication contexts, ID tokens are the nodes'. */
export function oidcFeature({ config, manifest, database, stores, network, limits, clock, rng, log }: Core, authentications: AuthenticationService): Feature {
  const { directory } = stores;
  const { issuer } = network;
  const secrets = openOidcSecrets(config.oidcSecretFile ?? join(dirname(config.tls.keyFile), 'gateway-oidc.key'), rng);
  network.publish(secrets.publicJwk);
  const clients = new ClientStore({ database, directory, validate: (metadata) => host.validate(metadata), clock });
  const logins = new PalmLogins({ authentications, manifest });
  const backchannel = new BackchannelRequests({ database, secrets, clock });
  const surroundings: OidcSurroundings = { manifest, network, issuer, urls: network.urls, database, directory, secrets, clients, logins, backchannel, fetch: (url, options) => fetch(url, options), clock, log };
  const host = new ProviderHost(surroundings);
  const provider = () => host.provider;
  const service = new LoginService({ host, logins, directory, waysOf: (params) => acceptedWays(params, manifest), clock });
  const passkeys = new PasskeyService({ database, issuer, logins: service, seal: secrets.sealingKey, clock, rng });
  return {
    name: 'oidc',
    controllers: [OidcClientController],
    providers: [{ provide: ClientStore, useValue: clients }],
    api: oidcClientApi,
    authenticators: [new AccessTokenAuthenticator({ provider, directory, database, secrets, url: network.urls.gateway, clock })],
    jobs: [
      { name: 'settle backchannel requests', everyMs: 250, run: () => settleBackchannelRequests({ provider, logins, backchannel, clock, log }) },
      { name: 'prune the OpenID provider', everyMs: 30_000, run: () => pruneArtifacts({ database, clock }) },
      { name: 'retire token keys', everyMs: 60_000, run: () => network.retireKeys(clock.nowMs()) },
    ],
    async mount(server) {
      const { origin } = new URL(issuer);
      await server.register(async (scope) => {
        limitRequests(scope, limits, config.requestsPerMinute);
        await mountProvider(scope, host, log);
        mountLogin(scope, { service, origin, passkeys: passkeys.available });
        if (passkeys.available) mountPasskeys(scope, { passkeys, origin });
      });
    },
  };
}
