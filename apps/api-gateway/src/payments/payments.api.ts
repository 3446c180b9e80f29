import { createRefundSchema, refundSchema } from '@boop/protocol';
import { z } from 'zod';
import { type ApiDescription, idempotent, keyed } from '../http/openapi/route.ts';

const roles = ['vendor'] as const;

export const paymentsApi: ApiDescription = {
  schemas: {
    CreateRefund: createRefundSchema,
    Refund: refundSchema,
    Refunds: z.strictObject({ refunds: z.array(refundSchema) }),
    Wallet: z.strictObject({ account: z.string(), available: z.string(), reserved: z.string() }),
  },
  routes: [
    { method: 'post', path: '/v1/authentications/{id}/refunds', summary: 'Refund a payment or a part of it', roles, body: 'CreateRefund', idempotency: 'none', answers: { 202: 'Refund' }, codes: [...keyed, ...idempotent, 'request.malformed', 'request.not-found', 'request.conflict'], examples: { all: { refundId: 'return-17' }, part: { refundId: 'return-18', amount: 250 } } },
    { method: 'get', path: '/v1/authentications/{id}/refunds', summary: 'List refunds of a payment', roles, answers: { 200: 'Refunds' }, codes: [...keyed, 'request.not-found'] },
    { method: 'put', path: '/v1/payers/{sub}/accounts/{currency}', summary: 'Open the wallet of a person known by the pairwise subject', roles, answers: { 200: 'Wallet' }, codes: [...keyed, 'request.not-found', 'log.unavailable'] },
  ],
};
