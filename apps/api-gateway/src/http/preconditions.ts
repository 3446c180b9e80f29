import { type FastifyReply, type FastifyRequest } from 'fastify';
import { etagOf } from './etag.ts';

/** Whether `If-Match` (RFC 9110 section 13.1.1) names this view; a request without it always goes on. */
export function matches(request: FastifyRequest, view: unknown): boolean {
  const wanted = request.headers['if-match'];
  if (wanted === undefined || wanted.trim() === '*') return true;
  return wanted.split(',').some((tag) => tag.trim() === etagOf(view));
}

/** Sends a view with its ETag, or 304 to a client that has it. */
export function sendTagged(request: FastifyRequest, reply: FastifyReply, view: object): void {
  const etag = etagOf(view);
  void reply.header('etag', etag);
  if (request.headers['if-none-match'] === etag) void reply.status(304).send();
  else void reply.send(view);
}
