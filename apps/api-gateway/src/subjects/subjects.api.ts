import { createCustodianOrderSchema, custodianOrderListSchema, custodianOrderSchema, eraseSubjectSchema, orderSubjectSchema, type ProblemCode, signCustodianOrderSchema, subjectExportSchema, subjectReceiptSchema, subjectSchema } from '@boop/protocol';
import { type ApiDescription, idempotent, keyed } from '../http/openapi/route.ts';
import { pageQuery } from '../http/page.ts';
import { erasure, resumption, suspension } from './examples.ts';

const signed: readonly ProblemCode[] = ['request.malformed', 'request.rate-limited', 'owner.bad-signature', 'passkey.invalid', 'custodians.bad-signatures', 'subject.unknown', 'mpc.nodes-unavailable', 'mpc.aborted'];
const ordered: readonly ProblemCode[] = [...signed, 'request.conflict', 'subject.wrong-network', 'subject.time', 'subject.superseded'];
const read: readonly ProblemCode[] = [...keyed, 'request.malformed', 'subject.unknown', 'owner.bad-signature', 'passkey.invalid', 'mpc.nodes-unavailable', 'mpc.aborted'];
const drawers = ['admin', 'adjudicator'] as const;
const readers = [...drawers, 'auditor', 'custodian'] as const;

export const subjectsApi: ApiDescription = {
  schemas: {
    Subject: subjectSchema,
    SubjectExport: subjectExportSchema,
    OrderSubject: orderSubjectSchema,
    EraseSubject: eraseSubjectSchema,
    SubjectReceipt: subjectReceiptSchema,
    CreateCustodianOrder: createCustodianOrderSchema,
    CustodianOrder: custodianOrderSchema,
    CustodianOrders: custodianOrderListSchema,
    SignCustodianOrder: signCustodianOrderSchema,
  },
  routes: [
    { method: 'get', path: '/v1/subjects/me', summary: 'Whether one is registered, suspended or erased', roles: ['person'], answers: { 200: 'Subject' }, codes: read },
    { method: 'get', path: '/v1/subjects/me/export', summary: 'All that the nodes hold about oneself besides shares, with proofs of the log', roles: ['person'], answers: { 200: 'SubjectExport' }, codes: [...read, 'log.unavailable'] },
    { method: 'post', path: '/v1/subjects/suspend', summary: 'Have the network recognise nobody in these palms; the signed order is the credential', roles: [], body: 'OrderSubject', idempotency: 'none', answers: { 200: 'SubjectReceipt' }, codes: ordered, examples: { owner: { order: suspension } } },
    { method: 'post', path: '/v1/subjects/resume', summary: 'Lift a suspension by whoever ordered it; the signed order is the credential', roles: [], body: 'OrderSubject', idempotency: 'none', answers: { 200: 'SubjectReceipt' }, codes: ordered, examples: { custodians: { order: resumption } } },
    { method: 'post', path: '/v1/subjects/erase', summary: 'Erase palms from all nodes; the signed request is the credential', roles: [], body: 'EraseSubject', idempotency: 'none', answers: { 200: 'SubjectReceipt' }, codes: [...signed, 'erasure.wrong-network', 'erasure.time', 'erasure.not-due'], examples: { owner: { request: erasure } } },
    {
      method: 'post', path: '/v1/subjects/orders', summary: 'Draw up an order about a person, which custodians have to sign', roles: drawers, body: 'CreateCustodianOrder', answers: { 201: 'CustodianOrder' }, codes: [...keyed, ...idempotent, 'request.malformed'],
      examples: { fraud: { action: 'suspend', accountKey: suspension.record.accountKey, reason: 'reported as fraud' }, court: { action: 'erase', accountKey: suspension.record.accountKey, reason: 'order of a court' } },
    },
    { method: 'get', path: '/v1/subjects/orders', summary: 'List orders about people, newest first', roles: readers, query: pageQuery, answers: { 200: 'CustodianOrders' }, codes: [...keyed, 'request.malformed'] },
    { method: 'get', path: '/v1/subjects/orders/{id}', summary: 'Read an order, what is to be signed, and what came of it', roles: readers, answers: { 200: 'CustodianOrder' }, codes: [...keyed, 'request.not-found'] },
    {
      method: 'post', path: '/v1/subjects/orders/{id}/signatures', summary: 'Sign an order with the identity key of a node; the last signature that is needed has it done', roles: ['custodian'], body: 'SignCustodianOrder', idempotency: 'none', answers: { 200: 'CustodianOrder' }, codes: [...keyed, 'request.malformed', 'request.not-found', 'request.conflict', 'custodians.bad-signatures'],
      examples: { second: { party: 2, signature: 'A'.repeat(86) } },
    },
  ],
};
