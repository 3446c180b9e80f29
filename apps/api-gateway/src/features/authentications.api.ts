import { authenticationSchema, createAuthenticationSchema, probeSchema, type ProblemCode } from '@boop/protocol';
import { z } from 'zod';
import { authenticationsQuery } from '../http/authentications-query.ts';
import { type ApiDescription, idempotent, keyed } from '../http/openapi/route.ts';

const split: readonly ProblemCode[] = [
  'share.malformed', 'share.wrong-node', 'share.wrong-epoch', 'share.wrong-session', 'share.unopenable', 'split.altered', 'split.replayed', 'split.incomplete', 'split.invalid-form', 'split.gateway-not-allowed',
  'template.unknown-encoder', 'capture.unreadable', 'capture.unsupported-format', 'capture.too-large', 'capture.wrong-size', 'capture.low-quality',
];

export const authenticationsApi: ApiDescription = {
  schemas: { Authentication: authenticationSchema, CreateAuthentication: createAuthenticationSchema, Probe: probeSchema, Authentications: z.strictObject({ authentications: z.array(authenticationSchema), next: z.string().optional() }) },
  routes: [
    { method: 'post', path: '/v1/authentications', summary: 'Open an authentication context', roles: ['vendor'], body: 'CreateAuthentication', answers: { 200: 'Authentication', 201: 'Authentication' }, codes: [...keyed, ...idempotent, 'request.malformed', 'vendor.suspended', 'mpc.nodes-unavailable'],
      examples: { door: { type: 'access' }, payment: { type: 'payment', amount: 1_250, currency: 'EUR', merchantName: 'Corner Shop', reference: 'order-17' }, age: { type: 'age', minimumAge: 18, location: { latitude: 52.52, longitude: 13.4 }, venueId: 'hall-2' } },
    },
    { method: 'get', path: '/v1/authentications', summary: 'List contexts, newest first', roles: ['vendor'], query: authenticationsQuery, answers: { 200: 'Authentications' }, codes: [...keyed, 'request.malformed'] },
    { method: 'get', path: '/v1/authentications/{id}', summary: 'Read a context and its result', roles: ['vendor', 'terminal'], answers: { 200: 'Authentication', 304: undefined }, codes: [...keyed, 'request.not-found'] },
    { method: 'post', path: '/v1/authentications/{id}/cancel', summary: 'Cancel an open context', roles: ['vendor'], answers: { 200: 'Authentication' }, codes: [...keyed, ...idempotent, 'request.not-found', 'request.conflict', 'context.expired', 'context.decided'] },
    { method: 'post', path: '/v1/authentications/{id}/probe', summary: 'Present a probe; answers when the nodes have decided', roles: ['terminal'], body: 'Probe', answers: { 200: 'Authentication' }, codes: [...keyed, ...idempotent, ...split, 'request.malformed', 'request.not-found', 'request.conflict', 'context.expired', 'context.cancelled', 'context.decided', 'attempts.delayed', 'attempts.exhausted', 'mpc.nodes-unavailable', 'mpc.aborted'] },
  ],
};
