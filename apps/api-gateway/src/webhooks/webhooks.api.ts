import { changeWebhookEndpointSchema, createWebhookEndpointSchema, replayWebhooksSchema, rotateWebhookSecretSchema, webhookDeliveriesSchema, webhookDeliveryStatuses, webhookEndpointSchema, webhookEndpointsSchema, webhookEndpointWithSecretSchema, webhookReplaySchema } from '@boop/protocol';
import { z } from 'zod';
import { type ApiDescription, idempotent, keyed } from '../http/openapi/route.ts';
import { pageQuery } from '../http/page.ts';

export const deliveriesQuery = pageQuery.extend({ status: z.enum(webhookDeliveryStatuses).optional() });

const roles = ['vendor'] as const;
const path = '/v1/webhooks/endpoints';

export const webhooksApi: ApiDescription = {
  schemas: {
    CreateWebhookEndpoint: createWebhookEndpointSchema,
    ChangeWebhookEndpoint: changeWebhookEndpointSchema,
    WebhookEndpoint: webhookEndpointSchema,
    WebhookEndpointWithSecret: webhookEndpointWithSecretSchema,
    WebhookEndpoints: webhookEndpointsSchema,
    RotateWebhookSecret: rotateWebhookSecretSchema,
    WebhookDeliveries: webhookDeliveriesSchema,
    ReplayWebhooks: replayWebhooksSchema,
    WebhookReplay: webhookReplaySchema,
    WebhookPing: z.strictObject({}),
  },
  routes: [
    { method: 'post', path, summary: 'Tell where webhooks go; the answer shows the secret', roles, body: 'CreateWebhookEndpoint', answers: { 201: 'WebhookEndpointWithSecret' }, codes: [...keyed, ...idempotent, 'request.malformed', 'request.conflict'], examples: { all: { url: 'https://shop.example/hooks' }, some: { url: 'https://shop.example/hooks', eventTypes: ['authentication.succeeded', 'payment.posted'] } } },
    { method: 'get', path, summary: 'List webhook endpoints', roles, query: pageQuery, answers: { 200: 'WebhookEndpoints' }, codes: [...keyed, 'request.malformed'] },
    { method: 'get', path: `${path}/{id}`, summary: 'Read a webhook endpoint', roles, answers: { 200: 'WebhookEndpoint', 304: undefined }, codes: [...keyed, 'request.not-found'] },
    { method: 'patch', path: `${path}/{id}`, summary: 'Change, disable or enable a webhook endpoint', roles, body: 'ChangeWebhookEndpoint', answers: { 200: 'WebhookEndpoint', 304: undefined }, codes: [...keyed, 'request.malformed', 'request.not-found', 'request.precondition-failed'], examples: { enable: { status: 'enabled' } } },
    { method: 'delete', path: `${path}/{id}`, summary: 'Remove a webhook endpoint and its deliveries', roles, answers: { 204: undefined }, codes: [...keyed, 'request.not-found'] },
    { method: 'post', path: `${path}/{id}/rotations`, summary: 'New secret; the old one signs too for a while', roles, body: 'RotateWebhookSecret', answers: { 200: 'WebhookEndpointWithSecret' }, codes: [...keyed, ...idempotent, 'request.malformed', 'request.not-found'], examples: { day: { overlapSeconds: 86_400 } } },
    { method: 'get', path: `${path}/{id}/deliveries`, summary: 'How deliveries fared, newest first', roles, query: deliveriesQuery, answers: { 200: 'WebhookDeliveries' }, codes: [...keyed, 'request.malformed', 'request.not-found'] },
    { method: 'post', path: `${path}/{id}/replays`, summary: 'Deliver one event, or all since a time, again', roles, body: 'ReplayWebhooks', answers: { 202: 'WebhookReplay' }, codes: [...keyed, ...idempotent, 'request.malformed', 'request.not-found', 'request.conflict'], examples: { since: { since: '2026-11-01T00:00:00Z' } } },
    { method: 'post', path: `${path}/{id}/ping`, summary: 'Send a ping', roles, answers: { 202: 'WebhookPing' }, codes: [...keyed, ...idempotent, 'request.malformed', 'request.not-found'] },
  ],
};
