import { type WebhookDelivery, webhookDeliveriesSchema, type webhookDeliveryStatuses, type WebhookEndpoint, webhookEndpointsSchema, type WebhookEndpointWithSecret, webhookEndpointWithSecretSchema, type WebhookEventType, webhookReplaySchema } from '@boop/protocol';
import { toBase64Url } from '@boop/shared';
import { type z } from 'zod';
import { type SdkPorts, systemPorts } from '../ports.ts';
import { createRestClient } from '../rest/rest-client.ts';

export type WebhookReplay = { readonly eventId: string } | { readonly since: Date };

export interface DeliveryPage {
  readonly deliveries: readonly WebhookDelivery[];
  /** Of the next page, when there is one. */
  readonly next?: string | undefined;
}

export interface WebhooksClient {
  /** All of the vendor's. */
  endpoints(signal?: AbortSignal): Promise<readonly WebhookEndpoint[]>;
  /** Tells where webhooks go, of all types or of these. */
  create(endpoint: { url: string; eventTypes?: readonly WebhookEventType[]; description?: string }, options?: { signal?: AbortSignal }): Promise<WebhookEndpointWithSecret>;
  /** A new secret; the one before signs too for `overlapSeconds`, a day by default. */
  rotate(endpointId: string, options?: { overlapSeconds?: number; signal?: AbortSignal }): Promise<WebhookEndpointWithSecret>;
  /** How deliveries fared, newest first, at most 50. */
  deliveries(endpointId: string, options?: { status?: (typeof webhookDeliveryStatuses)[number]; cursor?: string; signal?: AbortSignal }): Promise<DeliveryPage>;
  /**
   * Delivers one event, or all since a time, again, under the ids that they had. @returns how many will be
   * @throws BoopError `request.not-found`, `request.conflict` when the endpoint is disabled
   */
  replay(endpointId: string, what: WebhookReplay, options?: { signal?: AbortSignal }): Promise<number>;
}

/** Where a vendor's webhooks go, and what it can see and repeat of them. All methods throw `connection.lost` and the server's codes. */
export function createWebhooksClient(options: { gatewayUrl: string; apiKey: string; ports?: Partial<SdkPorts> }): WebhooksClient {
  const ports = systemPorts(options.ports);
  const rest = createRestClient(options.gatewayUrl, options.apiKey, ports);
  const base = '/v1/webhooks/endpoints';
  const post = <T>(path: string, schema: z.ZodType<T>, body: object, signal: AbortSignal | undefined): Promise<T> =>
    rest.request('POST', `${base}${path}`, { schema, body, headers: { 'idempotency-key': toBase64Url(ports.rng.bytes(16)) }, idempotent: true, signal });
  return {
    async endpoints(signal) {
      const found: WebhookEndpoint[] = [];
      for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
        const page = await rest.request('GET', `${base}${queryOf({ cursor })}`, { schema: webhookEndpointsSchema, signal });
        found.push(...page.endpoints);
        cursor = page.next;
      }
      return found;
    },
    create: (endpoint, { signal } = {}) => post('', webhookEndpointWithSecretSchema, endpoint, signal),
    rotate: (endpointId, { overlapSeconds, signal } = {}) => post(`/${encodeURIComponent(endpointId)}/rotations`, webhookEndpointWithSecretSchema, overlapSeconds === undefined ? {} : { overlapSeconds }, signal),
    deliveries: (endpointId, { status, cursor, signal } = {}) => rest.request('GET', `${base}/${encodeURIComponent(endpointId)}/deliveries${queryOf({ status, cursor })}`, { schema: webhookDeliveriesSchema, signal }),
    async replay(endpointId, what, { signal } = {}) {
      const body = 'since' in what ? { since: what.since.toISOString() } : { eventId: what.eventId };
      return (await post(`/${encodeURIComponent(endpointId)}/replays`, webhookReplaySchema, body, signal)).scheduled;
    },
  };
}

function queryOf(parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}
