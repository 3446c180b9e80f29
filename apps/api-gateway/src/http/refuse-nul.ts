import { BoopError } from '@boop/shared';
import { type FastifyInstance, type FastifyRequest } from 'fastify';

const escape = Buffer.from('\\u0000');
/** An escape that is not itself escaped. */
const escapedNul = /(?:^|[^\\])(?:\\\\)*\\u0000/;

/** U+0000 is refused wherever it stands: PostgreSQL stores no text that holds it, and no field means anything by it. */
export function refuseNul(server: FastifyInstance): void {
  const refused = (): BoopError => new BoopError('request.malformed', 'the request holds a NUL character');
  server.addHook('onRequest', (request, _reply, done) => (request.url.includes('%00') ? done(refused()) : done()));
  server.addHook('preHandler', (request: FastifyRequest & { rawBody?: Buffer }, _reply, done) => {
    const body = request.rawBody;
    // The search for the bytes is fast; only a body that has them is read as text.
    const holdsNul = body !== undefined && body.includes(escape) && escapedNul.test(body.toString());
    return holdsNul ? done(refused()) : done();
  });
}
