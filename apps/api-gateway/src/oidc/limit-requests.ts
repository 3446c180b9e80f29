import { type FastifyInstance } from 'fastify';
import { RateLimited, type RateLimits } from '../services/rate-limit.ts';

/** Bounds what one address asks of these routes, in the provider's words where it is too much. */
export function limitRequests(scope: FastifyInstance, limits: Pick<RateLimits, 'take'>, perMinute: number): void {
  scope.addHook('onRequest', async (request, reply) => {
    try {
      await limits.take(`oidc/${request.ip}`, perMinute);
    } catch (error) {
      if (!(error instanceof RateLimited)) throw error;
      return await reply.status(429).header('retry-after', String(error.retryAfterSeconds)).send({ error: 'temporarily_unavailable', error_description: 'too many requests' });
    }
  });
}
