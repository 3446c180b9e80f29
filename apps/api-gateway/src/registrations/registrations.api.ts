import { createRegistrationSchema, registrationListSchema, registrationSchema, registrationWithLinkSchema } from '@boop/protocol';
import { type ApiDescription, idempotent, keyed } from '../http/openapi/route.ts';
import { registrationsQuery } from './registrations-query.ts';

export const registrationsApi: ApiDescription = {
  schemas: { CreateRegistration: createRegistrationSchema, Registration: registrationSchema, Registrations: registrationListSchema, RegistrationWithLink: registrationWithLinkSchema },
  routes: [
    {
      method: 'post', path: '/v1/registrations', summary: 'Invite somebody to register palms: a link that opens one session within 24 hours', roles: ['vendor', 'admin'], body: 'CreateRegistration', idempotency: 'required', answers: { 201: 'RegistrationWithLink' },
      codes: [...keyed, ...idempotent, 'idempotency.missing', 'request.malformed', 'vendor.suspended'],
      examples: { both: {}, right: { positions: ['right-palm'], locale: 'de' } },
    },
    { method: 'get', path: '/v1/registrations', summary: 'List registrations that one asked for, newest first', roles: ['vendor', 'admin'], query: registrationsQuery, answers: { 200: 'Registrations' }, codes: [...keyed, 'request.malformed'] },
    { method: 'get', path: '/v1/registrations/{id}', summary: 'Read how far a registration is, and its receipt', roles: ['vendor', 'admin'], answers: { 200: 'Registration', 304: undefined }, codes: [...keyed, 'request.not-found'] },
    { method: 'post', path: '/v1/registrations/{id}/cancel', summary: 'Cancel a registration that has not ended', roles: ['vendor', 'admin'], idempotency: 'none', answers: { 200: 'Registration' }, codes: [...keyed, 'request.not-found', 'request.conflict', 'context.expired', 'context.decided'] },
  ],
};
