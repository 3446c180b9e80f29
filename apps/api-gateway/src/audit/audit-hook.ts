import { idField } from '@boop/identity';
import { describeError, type Logger } from '@boop/platform';
import { type Clock } from '@boop/shared';
import { type FastifyInstance, type FastifyReply } from 'fastify';
import { type AuthenticatedRequest } from '../access/index.ts';
import { type AuditTrail } from './audit-trail.ts';

const readingMethods = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Contexts and probes are records themselves, and decisions stand in the network's log. */
const ownRecord = /^\/v1\/authentications(?:\/:id\/(?:probe|cancel))?$/;

/** Writes a line of the trail for every change that a known credential asked for, allowed or not, before its answer leaves. */
export function auditChanges(server: FastifyInstance, use: { trail: AuditTrail; clock: Clock; log: Logger }): void {
  server.addHook('onSend', async (request: AuthenticatedRequest, reply) => {
    const { principal, method } = request;
    const route = request.routeOptions.url;
    if (!principal || route === undefined || readingMethods.has(method) || ownRecord.test(route)) return;
    const target = targetOf(request, reply);
    try {
      await use.trail.append({
        at: new Date(use.clock.nowMs()),
        requestId: request.id,
        role: principal.role,
        ...(principal.role === 'person' ? {} : { principal: principal.id }),
        action: `${method} ${route.replaceAll(/:(\w+)/g, '{$1}')}`,
        ...(target === undefined || principal.role === 'person' ? {} : { target }),
        status: reply.statusCode,
      });
    } catch (error) {
      use.log.error('the audit trail could not be written', { requestId: request.id, error: describeError(error) });
    }
  });
}

/** The id in the path, or that of what was created. */
function targetOf(request: AuthenticatedRequest, reply: FastifyReply): string | undefined {
  const { id } = (request.params ?? {}) as { id?: unknown };
  const location = reply.getHeader('location');
  const candidate = typeof id === 'string' ? id : typeof location === 'string' ? location.split('/').at(-1) : undefined;
  return candidate !== undefined && idField.safeParse(candidate).success ? candidate : undefined;
}
