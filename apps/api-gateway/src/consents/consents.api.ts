import { consentListSchema, consentReceiptsSchema, consentSchema, createConsentSchema, createPurposeTextSchema, erasedSchema, eraseOwnerSchema, type ProblemCode, purposeTextsSchema, revokeConsentSchema } from '@boop/protocol';
import { type ApiDescription, keyed } from '../http/openapi/route.ts';
import { consentsQuery } from './consent-queries.ts';

const open: readonly ProblemCode[] = ['request.malformed', 'request.rate-limited', 'attributes.unavailable'];
const signed: readonly ProblemCode[] = [...open, 'owner.bad-signature', 'passkey.invalid', 'mpc.nodes-unavailable'];
const read: readonly ProblemCode[] = [...keyed, 'request.malformed', 'attributes.unavailable', 'service.overloaded'];

export const consentsApi: ApiDescription = {
  schemas: {
    Consent: consentSchema,
    CreateConsent: createConsentSchema,
    RevokeConsent: revokeConsentSchema,
    Consents: consentListSchema,
    ConsentReceipts: consentReceiptsSchema,
    ConsentText: createPurposeTextSchema,
    ConsentTextPublished: purposeTextsSchema.shape.texts.element,
    ConsentTexts: purposeTextsSchema,
    EraseOwner: eraseOwnerSchema,
    Erased: erasedSchema,
  },
  routes: [
    { method: 'post', path: '/v1/consents', summary: 'Give or change a consent; the signed grant is the credential', roles: [], body: 'CreateConsent', idempotency: 'none', answers: { 200: 'Consent', 201: 'Consent' }, codes: [...signed, 'grant.wrong-network', 'grant.malformed', 'grant.unknown-text', 'grant.stale', 'grant.not-next', 'consent.revoked', 'release.revoked', 'request.conflict'] },
    { method: 'get', path: '/v1/consents', summary: "List one's own consents", roles: ['person'], query: consentsQuery, answers: { 200: 'Consents' }, codes: read },
    { method: 'get', path: '/v1/consents/{id}', summary: "Read one's own consent", roles: ['person'], answers: { 200: 'Consent' }, codes: [...read, 'request.not-found'] },
    { method: 'post', path: '/v1/consents/{id}/revoke', summary: 'Withdraw a consent; answers when no release is possible any more', roles: [], body: 'RevokeConsent', idempotency: 'none', answers: { 200: 'Consent' }, codes: [...signed, 'revocation.wrong-network', 'revocation.wrong-consent', 'request.not-found', 'request.conflict'] },
    { method: 'get', path: '/v1/consents/{id}/receipts', summary: 'Receipts that verify offline', roles: ['person'], answers: { 200: 'ConsentReceipts' }, codes: [...read, 'request.not-found', 'log.unavailable'] },
    { method: 'get', path: '/v1/consent-texts', summary: 'Published texts of all purposes', roles: [], answers: { 200: 'ConsentTexts' }, codes: ['request.rate-limited', 'attributes.unavailable'] },
    { method: 'post', path: '/v1/consent-texts', summary: 'Publish a version of a text, for good', roles: ['admin'], body: 'ConsentText', idempotency: 'none', answers: { 200: 'ConsentTextPublished', 201: 'ConsentTextPublished' }, codes: [...read, 'request.conflict'] },
    { method: 'post', path: '/v1/erasures', summary: 'Erase all attributes and consents of an account; the signed request is the credential', roles: [], body: 'EraseOwner', idempotency: 'none', answers: { 200: 'Erased' }, codes: [...signed, 'erasure.wrong-network'] },
  ],
};
