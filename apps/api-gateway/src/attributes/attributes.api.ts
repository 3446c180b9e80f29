import { attributeDefinitionSchema, attributeIssuerSchema } from '@boop/identity';
import {
  attributeListSchema,
  attributesKeySchema,
  attributeWrittenSchema,
  createAttributeSchema,
  nextVersionSchema,
  type ProblemCode,
  recordKeySchema,
  recordReadSchema,
  recordReleasedSchema,
  recordRequestBodySchema,
  registrySchema,
  releaseLogSchema,
} from '@boop/protocol';
import { type ApiDescription, keyed } from '../http/openapi/route.ts';
import { releasesQuery } from './attribute-queries.ts';

const open: readonly ProblemCode[] = ['request.malformed', 'request.rate-limited', 'attributes.unavailable', 'mpc.nodes-unavailable'];
const read: readonly ProblemCode[] = [...keyed, 'request.malformed', 'attributes.unavailable', 'service.overloaded'];
const signed: readonly ProblemCode[] = [...open, 'owner.bad-signature', 'passkey.invalid'];
const asked: readonly ProblemCode[] = [...signed, 'release.wrong-network', 'release.stale-request', 'release.stale-view', 'release.unknown-account', 'release.replayed'];
const stored: readonly ProblemCode[] = [...asked, 'attribute.missing', 'attribute.tampered', 'release.not-granted'];

export const attributesApi: ApiDescription = {
  schemas: {
    AttributeRegistry: registrySchema,
    AttributeDefinition: attributeDefinitionSchema,
    AttributeIssuer: attributeIssuerSchema,
    AttributesKey: attributesKeySchema,
    Attributes: attributeListSchema,
    CreateAttribute: createAttributeSchema,
    AttributeWritten: attributeWrittenSchema,
    NextVersion: nextVersionSchema,
    RecordRequest: recordRequestBodySchema,
    RecordKey: recordKeySchema,
    RecordRead: recordReadSchema,
    RecordReleased: recordReleasedSchema,
    Releases: releaseLogSchema,
  },
  routes: [
    { method: 'get', path: '/v1/attributes/registry', summary: 'What attributes are defined, and who may attest them', roles: [], answers: { 200: 'AttributeRegistry' }, codes: ['request.rate-limited', 'attributes.unavailable'] },
    { method: 'post', path: '/v1/attributes/definitions', summary: 'Define an attribute, for good', roles: ['admin'], body: 'AttributeDefinition', idempotency: 'none', answers: { 201: 'AttributeDefinition' }, codes: [...read, 'attribute.defined', 'attribute.bad-expression', 'expression.syntax', 'expression.too-long', 'expression.too-large'] },
    { method: 'post', path: '/v1/attributes/issuers', summary: 'Accredit an issuer, or change what it may attest', roles: ['admin'], body: 'AttributeIssuer', idempotency: 'none', answers: { 201: 'AttributeIssuer' }, codes: [...read, 'attribute.unknown'] },
    { method: 'get', path: '/v1/attributes/key', summary: 'The group key under which partial results are verified', roles: [], answers: { 200: 'AttributesKey' }, codes: ['request.rate-limited', 'attributes.unavailable', 'mpc.nodes-unavailable'] },
    { method: 'get', path: '/v1/attributes', summary: "List one's own attributes, without values", roles: ['person'], answers: { 200: 'Attributes' }, codes: read },
    { method: 'get', path: '/v1/attributes/releases', summary: "Who was given what of one's own attributes, and when", roles: ['person'], query: releasesQuery, answers: { 200: 'Releases' }, codes: read },
    { method: 'get', path: '/v1/attributes/{name}/next-version', summary: 'The version that a write has to name', roles: ['person'], answers: { 200: 'NextVersion' }, codes: [...read, 'request.not-found'] },
    {
      method: 'post', path: '/v1/attributes', summary: 'Store a sealed value; the signed document is the credential', roles: [], body: 'CreateAttribute', idempotency: 'none', answers: { 201: 'AttributeWritten' },
      codes: [...signed, 'attribute.wrong-network', 'attribute.wrong-person', 'attribute.malformed', 'attribute.bad-attestation', 'attribute.unknown', 'attribute.wrong-kind', 'attribute.unknown-issuer', 'attribute.expired', 'attribute.version-written', 'attribute.too-many', 'release.unknown-account', 'feed.unacknowledged'],
    },
    { method: 'post', path: '/v1/attributes/keys', summary: 'Partial keys for a version that is to be written, sealed to its writer', roles: [], body: 'RecordRequest', idempotency: 'none', answers: { 200: 'RecordKey' }, codes: [...asked, 'attribute.version-written'] },
    { method: 'post', path: '/v1/attributes/reads', summary: "One's own sealed value with partial keys, sealed to one's device", roles: [], body: 'RecordRequest', idempotency: 'none', answers: { 200: 'RecordRead' }, codes: stored },
    {
      method: 'post', path: '/v1/attributes/releases', summary: 'A sealed value with partial keys, sealed to the vendor of a consent', roles: [], body: 'RecordRequest', idempotency: 'none', answers: { 200: 'RecordReleased' },
      codes: [...stored, 'attribute.expired', 'release.unknown-consent', 'release.revoked', 'consent.wrong-vendor', 'consent.wrong-recipient', 'consent.wrong-purpose', 'consent.wrong-attribute', 'consent.not-yet-valid', 'consent.expired'],
    },
  ],
};
