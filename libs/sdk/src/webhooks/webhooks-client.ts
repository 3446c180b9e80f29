import { type WebhookDelivery, webhookDeliveriesSchema, type webhookDeliveryStatuses, type WebhookEndpoint, webhookEndpointsSchema, webhookReplaySchema } from '@boop/protocol';
import { toBase64Url } from '@boop/shared';
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
  /** How deliveries fared, newest first, at most 50. */
  deliveries(endpointId: string, options?: { status?: (typeof webhookDeliveryStatuses)[number]; cursor?: string; signal?: AbortSignal }): Promise<DeliveryPage>;
  /**
   * Delivers one event, or all since a time, again, under the ids that they had. @returns how many will be
   * @throws BoopError `request.not-found`, `request.conflict` when the endpoint is disabled
   */
  replay(endpointId: string, what: WebhookReplay, options?: { signal?: AbortSignal }): Promise<number>;
}

/** What a vendor can see and repeat of its webhooks. All methods throw `connection.lost` and the server's codes. */
export function createWebhooksClient(options: { gatewayUrl: string; apiKey: string; ports?: Partial<SdkPorts> }): WebhooksClient {
  const ports = systemPorts(options.ports);
  const rest = createRestClient(options.gatewayUrl, options.apiKey, ports);
  const base = '/v1/webhooks/endpoints';
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
    deliveries: (endpointId, { status, cursor, signal } = {}) => rest.request('GET', `${base}/${encodeURIComponent(endpointId)}/deliveries${queryOf({ status, cursor })}`, { schema: webhookDeliveriesSchema, signal }),
    async replay(endpointId, what, { signal } = {}) {
      const body = 'since' in what ? { since: what.since.toISOString() } : { eventId: what.eventId };
      const headers = { 'idempotency-key': toBase64Url(ports.rng.bytes(16)) };
      const { scheduled } = await rest.request('POST', `${base}/${encodeURIComponent(endpointId)}/replays`, { schema: webhookReplaySchema, body, headers, idempotent: true, signal });
      return scheduled;
    },
  };
}

function queryOf(parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}
