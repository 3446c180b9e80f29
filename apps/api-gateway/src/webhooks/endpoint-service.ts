import { type SigningKey } from '@boop/identity';
import { type ChangeWebhookEndpoint, type CreateWebhookEndpoint, type WebhookDelivery, type WebhookEndpoint, type WebhookEventType } from '@boop/protocol';
import { BoopError, type Clock, type Rng, toBase64Url } from '@boop/shared';
import { InvalidRequest } from '../domain/invalid-request.ts';
import { isoTime } from '../domain/events.ts';
import { type WebhookDelivery as DeliveryRow, type WebhookEndpoint as EndpointRow, type WebhookEvent as EventRow } from '../generated/prisma/client.ts';
import { type Database, type Transaction } from '../store/database.ts';
import { endpointSecret } from './signature.ts';
import { writeWebhookEvents } from './write-webhook-events.ts';

const endpointsMax = 20;

export interface EndpointDependencies {
  readonly database: Database;
  readonly key: SigningKey;
  /** Plain HTTP and addresses of this machine are for test networks. */
  readonly testNetwork: boolean;
  readonly wake: () => void;
  readonly clock: Clock;
  readonly rng: Rng;
}

/** A vendor's endpoints, what became of their deliveries, and replays. Another vendor's endpoint is not found. */
export class WebhookEndpoints {
  readonly #with: EndpointDependencies;
  constructor(dependencies: EndpointDependencies) {
    this.#with = dependencies;
  }

  /** @throws BoopError `request.malformed`, `request.conflict` (more than 20 endpoints) */
  async create(vendorId: string, { url, eventTypes = [], description = '' }: CreateWebhookEndpoint): Promise<WebhookEndpoint> {
    const { database, clock, rng } = this.#with;
    this.#checkUrl(url);
    if ((await database.webhookEndpoint.count({ where: { vendorId } })) >= endpointsMax) throw new BoopError('request.conflict', `a vendor has at most ${endpointsMax} webhook endpoints`);
    const id = `we_${toBase64Url(rng.bytes(12))}`;
    return viewOf(await database.webhookEndpoint.create({ data: { id, vendorId, url, eventTypes: [...new Set(eventTypes)], description, createdAt: new Date(clock.nowMs()) } }), clock.nowMs());
  }

  /** The newest secret. @throws BoopError `request.not-found` */
  async secretOf(vendorId: string, id: string): Promise<string> {
    return endpointSecret(this.#with.key, id, (await this.#find(vendorId, id)).secretNumber);
  }

  async list(vendorId: string, after: string | undefined, take: number): Promise<WebhookEndpoint[]> {
    const rows = await this.#with.database.webhookEndpoint.findMany({ where: { vendorId, ...(after === undefined ? {} : { id: { gt: after } }) }, orderBy: { id: 'asc' }, take });
    return rows.map((row) => viewOf(row, this.#with.clock.nowMs()));
  }

  async get(vendorId: string, id: string): Promise<WebhookEndpoint> {
    return viewOf(await this.#find(vendorId, id), this.#with.clock.nowMs());
  }

  /** @param accepts whether what is there now is what the caller has read @throws BoopError `request.precondition-failed` */
  async change(vendorId: string, id: string, { url, eventTypes, description, status }: ChangeWebhookEndpoint, accepts: (current: WebhookEndpoint) => boolean): Promise<WebhookEndpoint> {
    const { database, clock } = this.#with;
    if (url !== undefined) this.#checkUrl(url);
    const disabled = status === undefined ? {} : status === 'disabled' ? { disabledReason: 'by-vendor' } : { disabledReason: null, failingSince: null };
    const data = { ...(url === undefined ? {} : { url }), ...(eventTypes === undefined ? {} : { eventTypes: [...new Set(eventTypes)] }), ...(description === undefined ? {} : { description }), ...disabled };
    const row = await database.$transaction(async (tx) => {
      // Of two changes of the same reading the second one waits, and finds another state.
      await tx.$queryRaw`SELECT 1 FROM webhook_endpoints WHERE id = ${id} FOR UPDATE`;
      if (!accepts(viewOf(await this.#find(vendorId, id, tx), clock.nowMs()))) throw new BoopError('request.precondition-failed', 'the webhook endpoint has changed since it was read');
      return await tx.webhookEndpoint.update({ where: { id }, data });
    });
    if (status === 'disabled') await database.webhookDelivery.updateMany({ where: { endpointId: id, status: 'waiting' }, data: { status: 'failed', failure: 'endpoint-disabled' } });
    return viewOf(row, clock.nowMs());
  }

  async remove(vendorId: string, id: string): Promise<void> {
    await this.#find(vendorId, id);
    await this.#with.database.webhookEndpoint.delete({ where: { id } });
  }

  /** A new secret at once; the one before it signs too until the overlap is over. */
  async rotate(vendorId: string, id: string, overlapSeconds: number): Promise<WebhookEndpoint> {
    const { database, clock } = this.#with;
    await this.#find(vendorId, id);
    const row = await database.webhookEndpoint.update({ where: { id }, data: { secretNumber: { increment: 1 }, previousSecretUntil: new Date(clock.nowMs() + overlapSeconds * 1000) } });
    return viewOf(row, clock.nowMs());
  }

  /** Newest first. @param before id of the last one of the page before */
  async deliveries(vendorId: string, id: string, filter: { status?: string | undefined; before?: bigint | undefined }, take: number): Promise<WebhookDelivery[]> {
    await this.#find(vendorId, id);
    const where = { endpointId: id, ...(filter.status === undefined ? {} : { status: filter.status }), ...(filter.before === undefined ? {} : { id: { lt: filter.before } }) };
    const rows = await this.#with.database.webhookDelivery.findMany({ where, include: { event: true }, orderBy: { id: 'desc' }, take });
    return rows.map(deliveryOf);
  }

  /** Delivers again, as new deliveries of the same events. @throws BoopError `request.not-found`, `request.conflict` (disabled) */
  async replay(vendorId: string, id: string, what: { eventId: string } | { since: string }): Promise<number> {
    const { database, clock, wake } = this.#with;
    const endpoint = await this.#find(vendorId, id);
    if (endpoint.disabledReason !== null) throw new BoopError('request.conflict', 'the endpoint is disabled');
    const now = new Date(clock.nowMs());
    const [eventId, since] = 'eventId' in what ? [what.eventId, new Date(0)] : [null, new Date(what.since)];
    const scheduled = await database.$executeRaw`
      INSERT INTO webhook_deliveries (event_id, endpoint_id, created_at, next_attempt_at)
      SELECT e.id, p.id, ${now}, ${now} FROM webhook_events e JOIN webhook_endpoints p ON p.vendor_id = e.vendor_id AND p.id = ${id}
      WHERE e.vendor_id = ${vendorId} AND e.created_at >= ${since} AND (${eventId}::text IS NULL OR e.id = ${eventId}) AND (cardinality(p.event_types) = 0 OR e.type = ANY (p.event_types))
      ORDER BY e.created_at, e.id`;
    if (eventId !== null && scheduled === 0) throw new BoopError('request.not-found', 'there is no such event for this endpoint');
    wake();
    return scheduled;
  }

  /** Sends a `ping` to the vendor's endpoints that want it. */
  async ping(vendorId: string, id: string): Promise<void> {
    const { database, clock, wake } = this.#with;
    await this.#find(vendorId, id);
    await database.$transaction((tx) => writeWebhookEvents(tx, [{ vendorId, type: 'ping', data: { endpoint: id }, atMs: clock.nowMs() }]));
    wake();
  }

  /** Says at once what no attempt could change; names are resolved at each attempt. */
  #checkUrl(text: string): void {
    const url = new URL(text);
    const refused = (detail: string): InvalidRequest => new InvalidRequest([{ pointer: '/url', detail }]);
    if (url.username !== '' || url.password !== '') throw refused('must not hold credentials');
    if (url.protocol !== 'https:' && !this.#with.testNetwork) throw refused('must be https');
  }

  async #find(vendorId: string, id: string, database: Pick<Transaction, 'webhookEndpoint'> = this.#with.database): Promise<EndpointRow> {
    const row = await database.webhookEndpoint.findUnique({ where: { id } });
    if (row?.vendorId !== vendorId) throw new BoopError('request.not-found', 'there is no such webhook endpoint');
    return row;
  }
}

function viewOf(row: EndpointRow, nowMs: number): WebhookEndpoint {
  const { previousSecretUntil: until, failingSince, disabledReason } = row;
  return {
    id: row.id,
    url: row.url,
    eventTypes: row.eventTypes as WebhookEventType[],
    description: row.description,
    status: disabledReason === null ? 'enabled' : 'disabled',
    ...(disabledReason === null ? {} : { disabledReason: disabledReason as NonNullable<WebhookEndpoint['disabledReason']> }),
    ...(failingSince === null ? {} : { failingSince: failingSince.toISOString() }),
    ...(until === null || until.getTime() <= nowMs ? {} : { previousSecretUntil: until.toISOString() }),
    createdAt: row.createdAt.toISOString(),
  };
}

function deliveryOf({ id, eventId, event, status, attempts, answer, failure, createdAt, nextAttemptAt }: DeliveryRow & { event: EventRow }): WebhookDelivery {
  return {
    id: String(id),
    eventId,
    type: event.type as WebhookEventType,
    status: status as WebhookDelivery['status'],
    attempts,
    ...(answer === null ? {} : { answer }),
    ...(failure === null ? {} : { failure: failure as NonNullable<WebhookDelivery['failure']> }),
    createdAt: isoTime(createdAt.getTime()),
    ...(status === 'waiting' ? { nextAttemptAt: isoTime(nextAttemptAt.getTime()) } : {}),
  };
}
