import { BoopError } from '@boop/shared';
import { type FastifyInstance } from 'fastify';

/** A path or query with U+0000, which no store takes, is refused before it is routed; `parseRequest` does the same for bodies, and names the field. */
export function refuseNul(server: FastifyInstance): void {
  server.addHook('onRequest', (request, _reply, done) =>
    request.url.includes('%00') ? done(new BoopError('request.malformed', 'the request holds a NUL character')) : done(),
  );
}
