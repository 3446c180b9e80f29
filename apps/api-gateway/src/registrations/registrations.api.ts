import { completeRegistrationSchema, createRegistrationSchema, giveRegistrationConsentSchema, openRegistrationSessionSchema, type ProblemCode, registrationListSchema, registrationReceiptSchema, registrationSampleSchema, registrationSampleTakenSchema, registrationSchema, registrationSessionSchema, registrationWithLinkSchema } from '@boop/protocol';
import { type ApiDescription, idempotent, keyed } from '../http/openapi/route.ts';
import { registrationsQuery } from './registrations-query.ts';

const session: readonly ProblemCode[] = ['request.malformed', 'request.unauthenticated', 'context.expired', 'context.cancelled'];
const step: readonly ProblemCode[] = [...session, 'context.decided', 'request.conflict'];
const split: readonly ProblemCode[] = [
  'share.malformed', 'share.wrong-node', 'share.wrong-epoch', 'share.wrong-session', 'share.unopenable', 'split.altered', 'split.replayed', 'split.incomplete', 'split.invalid-form', 'split.gateway-not-allowed',
  'template.unknown-encoder', 'template.malformed', 'template.impossible-values', 'template.too-few-valid', 'context.invalid',
];
const secret = 'A'.repeat(43);

export const registrationsApi: ApiDescription = {
  schemas: {
    CreateRegistration: createRegistrationSchema,
    Registration: registrationSchema,
    Registrations: registrationListSchema,
    RegistrationWithLink: registrationWithLinkSchema,
    OpenRegistrationSession: openRegistrationSessionSchema,
    RegistrationSession: registrationSessionSchema,
    GiveRegistrationConsent: giveRegistrationConsentSchema,
    RegistrationSample: registrationSampleSchema,
    RegistrationSampleTaken: registrationSampleTakenSchema,
    CompleteRegistration: completeRegistrationSchema,
    RegistrationReceipt: registrationReceiptSchema,
  },
  routes: [
    {
      method: 'post', path: '/v1/registrations', summary: 'Invite somebody to register palms: a link that opens one session within 24 hours', roles: ['vendor', 'admin'], body: 'CreateRegistration', idempotency: 'required', answers: { 201: 'RegistrationWithLink' },
      codes: [...keyed, ...idempotent, 'idempotency.missing', 'request.malformed', 'vendor.suspended'],
      examples: { both: {}, right: { positions: ['right-palm'], locale: 'de' } },
    },
    { method: 'get', path: '/v1/registrations', summary: 'List registrations that one asked for, newest first', roles: ['vendor', 'admin'], query: registrationsQuery, answers: { 200: 'Registrations' }, codes: [...keyed, 'request.malformed'] },
    { method: 'get', path: '/v1/registrations/{id}', summary: 'Read how far a registration is, and its receipt', roles: ['vendor', 'admin'], answers: { 200: 'Registration', 304: undefined }, codes: [...keyed, 'request.not-found'] },
    { method: 'post', path: '/v1/registrations/{id}/cancel', summary: 'Cancel a registration that has not ended', roles: ['vendor', 'admin'], idempotency: 'none', answers: { 200: 'Registration' }, codes: [...keyed, 'request.not-found', 'request.conflict', 'context.expired', 'context.decided'] },
    { method: 'post', path: '/v1/registrations/{id}/session', summary: 'Open the session of a link, once, or read where a session stands; the secret is the credential', roles: [], body: 'OpenRegistrationSession', idempotency: 'none', answers: { 200: 'RegistrationSession' }, codes: [...session, 'mpc.nodes-unavailable'], examples: { link: { secret } } },
    { method: 'post', path: '/v1/registrations/{id}/session/cancel', summary: 'End a session that has not ended, as the person who holds its secret', roles: [], body: 'OpenRegistrationSession', idempotency: 'none', answers: { 200: 'RegistrationSession' }, codes: [...step, 'mpc.nodes-unavailable'], examples: { session: { secret } } },
    {
      method: 'post', path: '/v1/registrations/{id}/consent', summary: 'Give the consent that the account key has signed', roles: [], body: 'GiveRegistrationConsent', idempotency: 'none', answers: { 200: 'RegistrationSession' },
      codes: [...step, 'consent.invalid', 'consent.wrong-registration', 'mpc.nodes-unavailable'],
    },
    {
      method: 'post', path: '/v1/registrations/{id}/samples', summary: 'Tell the quality of a capture, which stays on the device', roles: [], body: 'RegistrationSample', idempotency: 'none', answers: { 200: 'RegistrationSampleTaken' }, codes: [...step, 'consent.missing'],
      examples: { good: { secret, position: 'right-palm', index: 0, quality: { score: 92, reasons: [] } }, blurred: { secret, position: 'right-palm', index: 1, quality: { score: 40, reasons: ['blurred'] } } },
    },
    {
      method: 'post', path: '/v1/registrations/{id}/completion', summary: 'Send the sealed split; answers when the nodes have stored or refused it', roles: [], body: 'CompleteRegistration', idempotency: 'none', answers: { 200: 'RegistrationReceipt' },
      codes: [...step, ...split, 'request.forbidden', 'consent.missing', 'registration.incomplete', 'registration.duplicate', 'registration.samples-disagree', 'registration.nothing-to-renew', 'registration.not-recognised', 'mpc.nodes-unavailable', 'mpc.aborted'],
    },
    {
      method: 'post', path: '/v1/subjects/re-enrol', summary: 'Open a session of one\'s own to register the same palms anew; the consent says what is replaced', roles: ['person'], body: 'CreateRegistration', idempotency: 'none', answers: { 201: 'RegistrationSession' },
      codes: [...keyed, 'request.malformed', 'mpc.nodes-unavailable'], examples: { right: { positions: ['right-palm'], locale: 'de' } },
    },
  ],
};
