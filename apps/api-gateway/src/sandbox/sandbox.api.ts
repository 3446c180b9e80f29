import { sandboxPresentationSchema, sandboxRegistrationRequestSchema, sandboxRegistrationSchema } from '@boop/protocol';
import { type ApiDescription, idempotent, keyed } from '../http/openapi/route.ts';

const roles = ['vendor'] as const;

export const sandboxApi: ApiDescription = {
  schemas: { SandboxPresentation: sandboxPresentationSchema, SandboxRegistrationRequest: sandboxRegistrationRequestSchema, SandboxRegistration: sandboxRegistrationSchema },
  routes: [
    { method: 'post', path: '/v1/sandbox/authentications/{id}/presentations', summary: 'Present a palm of the sandbox to a context', roles, body: 'SandboxPresentation', answers: { 200: 'Authentication' }, codes: [...keyed, ...idempotent, 'request.malformed', 'request.not-found', 'request.conflict', 'context.expired', 'context.cancelled', 'context.decided', 'mpc.nodes-unavailable'], examples: { match: { template: 'match', user: 'alice' }, stranger: { template: 'no-match' } } },
    { method: 'post', path: '/v1/sandbox/registrations', summary: 'Play a registration', roles, body: 'SandboxRegistrationRequest', answers: { 200: 'SandboxRegistration' }, codes: [...keyed, ...idempotent, 'request.malformed', 'mpc.nodes-unavailable'], examples: { new: { template: 'new' }, duplicate: { template: 'duplicate' } } },
    { method: 'get', path: '/sandbox/.well-known/jwks.json', summary: 'Keys that verify tokens of the sandbox', roles: [], answers: { 200: undefined }, codes: ['request.rate-limited'] },
    { method: 'get', path: '/sandbox/.well-known/openid-configuration', summary: 'Issuer metadata of the sandbox', roles: [], answers: { 200: undefined }, codes: ['request.rate-limited'] },
  ],
};
