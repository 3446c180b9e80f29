import { apiKeySchema, apiKeysSchema, createApiKeySchema, createSandboxKeySchema, newApiKeySchema, rotateApiKeySchema, sandboxKeySchema } from '@boop/protocol';
import { type ApiDescription, keyed } from '../http/openapi/route.ts';
import { pageQuery } from '../http/page.ts';

const readers = ['vendor', 'admin', 'auditor'] as const;

export const credentialsApi: ApiDescription = {
  schemas: {
    ApiKey: apiKeySchema,
    ApiKeys: apiKeysSchema,
    NewApiKey: newApiKeySchema,
    CreateApiKey: createApiKeySchema,
    RotateApiKey: rotateApiKeySchema,
    CreateSandboxKey: createSandboxKeySchema,
    SandboxKey: sandboxKeySchema,
  },
  routes: [
    {
      method: 'post', path: '/v1/api-keys', summary: 'Make a further key; the answer alone holds it', roles: ['vendor', 'admin'], body: 'CreateApiKey', idempotency: 'none', answers: { 201: 'NewApiKey' },
      codes: [...keyed, 'request.malformed', 'request.not-found', 'request.conflict', 'vendor.suspended'],
      examples: { own: { name: 'till software' }, other: { role: 'auditor', principal: 'ida', name: 'audit of 2027', expiresInDays: 90 } },
    },
    { method: 'get', path: '/v1/api-keys', summary: 'List keys', roles: readers, query: pageQuery, answers: { 200: 'ApiKeys' }, codes: [...keyed, 'request.malformed'] },
    { method: 'get', path: '/v1/api-keys/{id}', summary: 'Read what is known of a key', roles: readers, answers: { 200: 'ApiKey' }, codes: [...keyed, 'request.not-found'] },
    { method: 'delete', path: '/v1/api-keys/{id}', summary: 'Revoke a key', roles: ['vendor', 'admin'], answers: { 204: undefined }, codes: [...keyed, 'request.not-found'] },
    {
      method: 'post', path: '/v1/api-keys/{id}/rotation', summary: 'Replace a key; the old one works on for the overlap', roles: ['vendor', 'admin'], body: 'RotateApiKey', idempotency: 'none', answers: { 201: 'NewApiKey' },
      codes: [...keyed, 'request.malformed', 'request.not-found', 'request.conflict', 'vendor.suspended'],
      examples: { day: { overlapSeconds: 86_400 } },
    },
    {
      method: 'post', path: '/v1/sandbox/keys', summary: 'Get a key of the sandbox, without an account', roles: [], body: 'CreateSandboxKey', idempotency: 'none', answers: { 201: 'SandboxKey' },
      codes: ['request.malformed', 'request.rate-limited'],
      examples: { trial: { name: 'Corner Shop' } },
    },
  ],
};
