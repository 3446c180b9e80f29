import { type EdgeSpan, startEdgeSpan } from '@boop/platform';
import { type FastifyInstance, type FastifyRequest } from 'fastify';

/** A span for each request: its route, method and status, nothing of what it holds. */
export function traceRequests(server: FastifyInstance): void {
  const spans = new WeakMap<FastifyRequest, EdgeSpan>();
  server.addHook('onRequest', (request, _reply, done) => {
    const { traceparent } = request.headers;
    const span = startEdgeSpan(request.method, typeof traceparent === 'string' ? traceparent : undefined);
    if (span) spans.set(request, span);
    done();
  });
  // After the body was read: its events would leave the span's context.
  server.addHook('preHandler', (request, _reply, done) => {
    const span = spans.get(request);
    if (span) span.run(done);
    else done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none';
    spans.get(request)?.end(`${request.method} ${route}`, { 'http.request.method': request.method, 'http.route': route, 'http.response.status_code': reply.statusCode }, reply.statusCode >= 500);
    done();
  });
}
