import { type IncomingMessage, type ServerResponse } from 'node:http';
import { describeError, isDatabaseOutage } from '@boop/platform';
import { type KoaContextWithOIDC, Provider } from 'oidc-provider';
import { BoopError } from '@boop/shared';
import { providerPolicy } from '../pages/content-policy.ts';
import { useNodesIdTokens } from './id-tokens.ts';
import { type OidcSurroundings } from './oidc-surroundings.ts';
import { providerConfiguration } from './provider-configuration.ts';

/** Headers by which a proxy, or somebody who pretends to be one, could change what the provider takes for its own address. */
const forwardedHeaders = ['forwarded', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-port', 'x-forwarded-for'];

interface Current {
  /** The nodes' keys that it knows. */
  readonly keys: string;
  readonly provider: Provider;
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

/** Holds the provider for the nodes' keys of the moment; all of its state is in the database, so another one takes over at a roll-over. */
export class ProviderHost {
  readonly #use: OidcSurroundings;
  readonly #origin: URL;
  #current: Current | undefined;

  constructor(use: OidcSurroundings) {
    this.#use = use;
    this.#origin = new URL(use.issuer);
  }

  /** @throws BoopError `mpc.nodes-unavailable` until the nodes have told their keys */
  get provider(): Provider {
    return this.#fresh().provider;
  }

  /** @throws InvalidClientMetadata when members of a client's metadata don't fit together */
  async validate(metadata: Record<string, unknown>): Promise<void> {
    await (this.provider.Client as unknown as { validate(metadata: Record<string, unknown>): Promise<void> }).validate(metadata);
  }

  /** Answers one HTTP request of the provider's paths. The issuer alone decides which address the answer names. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.settle(request);
    for (const [name, value] of Object.entries(providerPolicy)) response.setHeader(name, value);
    await this.#fresh().handle(request, response);
  }

  /** Gives a request the public address, whatever it came with. */
  settle(request: IncomingMessage): void {
    for (const name of forwardedHeaders) delete request.headers[name];
    request.headers.host = this.#origin.host;
    request.headers['x-forwarded-proto'] = this.#origin.protocol.slice(0, -1);
  }

  #fresh(): Current {
    const nodesKeys = this.#use.network.tokenKeys();
    if (nodesKeys.length === 0) throw new BoopError('mpc.nodes-unavailable', 'the nodes have not told their group keys yet', { kind: 'unavailable' });
    const keys = nodesKeys.join();
    if (this.#current?.keys !== keys) {
      const provider = this.#create(nodesKeys);
      this.#current = { keys, provider, handle: provider.callback() as Current['handle'] };
    }
    return this.#current;
  }

  #create(nodesKeys: readonly string[]): Provider {
    const { issuer, clients, logins, log } = this.#use;
    const provider = new Provider(issuer, providerConfiguration(this.#use, nodesKeys));
    // `x-forwarded-proto` is ours: see `settle`.
    provider.proxy = true;
    useNodesIdTokens(provider, logins);
    const { prototype } = provider.Client as unknown as { prototype: { clientId: string; compareClientSecret(secret: string): Promise<boolean> } };
    prototype.compareClientSecret = function (secret) {
      return clients.secretIsOf(this.clientId, secret);
    };
    provider.use(announcePairwise);
    const outages = new WeakSet<object>();
    provider.use(tellOutages(outages));
    provider.on('server_error', (ctx, error) => {
      if (isDatabaseOutage(error)) outages.add(ctx);
      log.error('the OpenID provider failed', { error: describeError(error) });
    });
    provider.on('backchannel.error', (_ctx, error, client) => log.warn('a logout could not be delivered', { vendorId: client.clientId, error: describeError(error) }));
    return provider;
  }
}

/** The provider takes whatever it doesn't know for a fault of its own. Redirects keep its `server_error`, which has no status. */
const tellOutages = (outages: WeakSet<object>) => async (ctx: KoaContextWithOIDC, next: () => Promise<unknown>): Promise<void> => {
  await next();
  if (!outages.has(ctx) || ctx.status < 500) return;
  ctx.status = 503;
  ctx.set('retry-after', '2');
  if (!ctx.response.is('html')) ctx.body = { error: 'temporarily_unavailable', error_description: 'the service can not reach its database' };
};

/** Discovery says what is true of the names: they are pairwise, by the nodes' doing. */
async function announcePairwise(ctx: KoaContextWithOIDC, next: () => Promise<unknown>): Promise<void> {
  await next();
  if (ctx.oidc?.route === 'discovery') Object.assign(ctx.body as object, { subject_types_supported: ['pairwise'] });
}
