import { idField } from '@boop/identity';
import { z } from 'zod';

/** What a vendor can be told by webhook. A type is never renamed. */
export const webhookEventTypes = [
  'authentication.succeeded', 'authentication.failed', 'authentication.expired', 'authentication.cancelled',
  'registration.succeeded', 'registration.failed', 'registration.cancelled', 'registration.expired',
  'payment.posted', 'payment.refused', 'payment.voided', 'payment.refunded',
  'consent.granted', 'consent.revoked', 'attribute.released',
  'ping',
] as const;
export type WebhookEventType = (typeof webhookEventTypes)[number];

const eventTypes = z.array(z.enum(webhookEventTypes)).max(webhookEventTypes.length);
const url = z.url({ protocol: /^https?$/ }).max(2_048);
const description = z.string().max(200).regex(/^\P{C}*$/u);

/** `POST /v1/webhooks/endpoints`. Without `eventTypes` the endpoint gets every type. */
export const createWebhookEndpointSchema = z.strictObject({ url, eventTypes: eventTypes.optional(), description: description.optional() });
export type CreateWebhookEndpoint = z.infer<typeof createWebhookEndpointSchema>;

/** `PATCH /v1/webhooks/endpoints/{id}`; what is absent stays. Enabling an endpoint does not repeat what it missed. */
export const changeWebhookEndpointSchema = z.strictObject({ url: url.optional(), eventTypes: eventTypes.optional(), description: description.optional(), status: z.enum(['enabled', 'disabled']).optional() });
export type ChangeWebhookEndpoint = z.infer<typeof changeWebhookEndpointSchema>;

/** Why an endpoint gets nothing: its vendor's wish, failures over days, or its own answer 410. */
export const webhookDisabledReasons = ['by-vendor', 'persistent-failure', 'gone'] as const;

export const webhookEndpointSchema = z.strictObject({
  id: idField,
  url: z.string(),
  /** Empty: every type. */
  eventTypes,
  description: z.string(),
  status: z.enum(['enabled', 'disabled']),
  disabledReason: z.enum(webhookDisabledReasons).optional(),
  /** Since when no delivery succeeded, though some were tried. */
  failingSince: z.string().optional(),
  /** Until when deliveries carry a signature by the secret before the last rotation too. */
  previousSecretUntil: z.string().optional(),
  createdAt: z.string(),
});
export type WebhookEndpoint = z.infer<typeof webhookEndpointSchema>;

/** Answer to creating and rotating: the only times that the secret (`whsec_…`) is shown. */
export const webhookEndpointWithSecretSchema = webhookEndpointSchema.extend({ secret: z.string() });
export type WebhookEndpointWithSecret = z.infer<typeof webhookEndpointWithSecretSchema>;

/** `POST /v1/webhooks/endpoints/{id}/rotations`: both secrets sign for so long. */
export const rotateWebhookSecretSchema = z.strictObject({ overlapSeconds: z.number().int().min(0).max(7 * 86_400).default(86_400) });

/** `POST /v1/webhooks/endpoints/{id}/replays`: one event, or all since a time. Events are kept for 30 days. */
export const replayWebhooksSchema = z.union([z.strictObject({ eventId: idField }), z.strictObject({ since: z.iso.datetime({ offset: true }) })]);
export const webhookReplaySchema = z.strictObject({ scheduled: z.number().int().min(0) });

export const webhookDeliveryStatuses = ['waiting', 'delivered', 'failed'] as const;
/** How one event fared at one endpoint. */
export const webhookDeliverySchema = z.strictObject({
  id: z.string(),
  eventId: idField,
  type: z.enum(webhookEventTypes),
  status: z.enum(webhookDeliveryStatuses),
  attempts: z.number().int().min(0),
  /** HTTP status of the last attempt that was answered. */
  answer: z.number().int().optional(),
  /** Why the last attempt failed; what the receiver said is not kept. */
  failure: z.enum(['status', 'timeout', 'unreachable', 'address-refused', 'redirect', 'too-large', 'endpoint-disabled']).optional(),
  createdAt: z.string(),
  nextAttemptAt: z.string().optional(),
});
export type WebhookDelivery = z.infer<typeof webhookDeliverySchema>;
export type WebhookFailure = NonNullable<WebhookDelivery['failure']>;

export const webhookEndpointsSchema = z.strictObject({ endpoints: z.array(webhookEndpointSchema), next: z.string().optional() });
export const webhookDeliveriesSchema = z.strictObject({ deliveries: z.array(webhookDeliverySchema), next: z.string().optional() });
