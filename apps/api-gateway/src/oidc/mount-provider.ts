import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { describeError, type Logger, unavailableIfOutage } from '@boop/platform';
import { isBoopError } from '@boop/shared';
import { type ProviderHost } from './provider/provider-host.ts';

/** Serves the provider's paths. It reads bodies itself, so here none is parsed. */
export async function mountProvider(server: FastifyInstance, host: ProviderHost, log: Logger): Promise<void> {
  const handle = async ({ raw }: FastifyRequest, reply: FastifyReply): Promise<void> => {
    reply.hijack();
    const { raw: response } = reply;
    response.setHeader('x-request-id', reply.request.id);
    try {
      await host.handle(raw, response);
    } catch (thrown) {
      const error = unavailableIfOutage(thrown);
      const isUnavailable = isBoopError(error) && error.kind === 'unavailable';
      if (!isUnavailable) log.error('the OpenID provider failed', { requestId: reply.request.id, error: describeError(thrown) });
      if (response.headersSent) return void response.destroy();
      response.writeHead(isUnavailable ? 503 : 500, { 'content-type': 'application/json', 'cache-control': 'no-store', ...(isUnavailable ? { 'retry-after': '2' } : {}) });
      response.end(JSON.stringify({ error: isUnavailable ? 'temporarily_unavailable' : 'server_error' }));
    }
  };
  await server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    for (const url of ['/oidc/*', '/.well-known/openid-configuration']) scope.route({ method: ['GET', 'POST', 'OPTIONS'], url, handler: handle });
  });
}
