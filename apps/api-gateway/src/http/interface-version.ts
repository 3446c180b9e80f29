import { BoopError } from '@boop/shared';
import { type FastifyInstance } from 'fastify';

/** Versions of the interface that are served, newest last; a client that names none gets the newest. */
export const interfaceVersions = ['2026-11-21'] as const;

/** `Boop-Version`: the answer names the version that it follows; a request that names an unknown one is refused. */
export function negotiateVersion(server: FastifyInstance): void {
  const newest = interfaceVersions.at(-1)!;
  server.addHook('onRequest', (request, reply, done) => {
    const wanted = request.headers['boop-version'];
    void reply.header('boop-version', newest);
    if (wanted === undefined || interfaceVersions.some((version) => version === wanted)) return done();
    done(new BoopError('request.unknown-version', 'there is no such version of the interface'));
  });
}
