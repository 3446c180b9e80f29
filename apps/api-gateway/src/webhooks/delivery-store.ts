import { type WebhookFailure } from '@boop/protocol';
import { type Database } from '../store/database.ts';

export interface DueDelivery {
  readonly id: bigint;
  readonly eventId: string;
  readonly endpointId: string;
  /** This one included. */
  readonly attempts: number;
  readonly url: string;
  readonly type: string;
  readonly data: unknown;
  readonly eventAtMs: number;
  readonly secretNumber: number;
  readonly previousSecretUntilMs: number | undefined;
}

interface Row {
  id: bigint;
  event_id: string;
  endpoint_id: string;
  attempts: number;
  url: string;
  type: string;
  data: unknown;
  event_at: Date;
  secret_number: number;
  previous_secret_until: Date | null;
}

/** Events and their deliveries are forgotten after 30 days. */
const keptMs = 30 * 24 * 3_600_000;

/** The outbox. A claim is a lease: what a process that dies has taken comes up again when the lease is over, so receivers may see an event twice. */
export class DeliveryStore {
  readonly #database: Database;
  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Takes what is due, oldest first; rows that another worker has locked are left to it.
   * @param room how many in all, and how many an endpoint, of which those `underWay` count already
   */
  async claim(nowMs: number, leaseMs: number, room: { all: number; perEndpoint: number; underWay: ReadonlyMap<string, number> }): Promise<DueDelivery[]> {
    const [now, until] = [new Date(nowMs), new Date(nowMs + leaseMs)];
    const rows = await this.#database.$queryRaw<Row[]>`
      WITH due AS (
        SELECT id FROM (
          SELECT id, endpoint_id, next_attempt_at, row_number() OVER (PARTITION BY endpoint_id ORDER BY next_attempt_at, id) AS place FROM webhook_deliveries
          WHERE status = 'waiting' AND next_attempt_at <= ${now}
        ) ranked WHERE place <= ${room.perEndpoint} - coalesce((${JSON.stringify(Object.fromEntries(room.underWay))}::jsonb ->> endpoint_id::text)::int, 0)
        ORDER BY next_attempt_at, id LIMIT ${room.all}
      ), locked AS (
        SELECT d.id FROM webhook_deliveries d JOIN due ON due.id = d.id WHERE d.status = 'waiting' AND d.next_attempt_at <= ${now} FOR UPDATE OF d SKIP LOCKED
      )
      UPDATE webhook_deliveries d SET attempts = d.attempts + 1, next_attempt_at = ${until}
      FROM locked, webhook_events e, webhook_endpoints p
      WHERE d.id = locked.id AND e.id = d.event_id AND p.id = d.endpoint_id
      RETURNING d.id, d.event_id, d.endpoint_id, d.attempts, p.url, e.type, e.data, e.created_at AS event_at, p.secret_number, p.previous_secret_until`;
    return rows.map((row) => ({
      id: row.id,
      eventId: row.event_id,
      endpointId: row.endpoint_id,
      attempts: row.attempts,
      url: row.url,
      type: row.type,
      data: row.data,
      eventAtMs: row.event_at.getTime(),
      secretNumber: row.secret_number,
      previousSecretUntilMs: row.previous_secret_until?.getTime(),
    }));
  }

  async delivered({ id, endpointId }: DueDelivery, answer: number): Promise<void> {
    await this.#database.$transaction([
      this.#database.webhookDelivery.update({ where: { id }, data: { status: 'delivered', answer, failure: null } }),
      this.#database.webhookEndpoint.updateMany({ where: { id: endpointId, failingSince: { not: null } }, data: { failingSince: null } }),
    ]);
  }

  /** @param nextAttemptMs undefined when there is none */
  async failed({ id, endpointId }: DueDelivery, failure: { code: WebhookFailure; answer?: number | undefined }, nextAttemptMs: number | undefined, nowMs: number): Promise<void> {
    const next = nextAttemptMs === undefined ? { status: 'failed' } : { nextAttemptAt: new Date(nextAttemptMs) };
    await this.#database.$transaction([
      this.#database.webhookDelivery.updateMany({ where: { id, status: 'waiting' }, data: { answer: failure.answer ?? null, failure: failure.code, ...next } }),
      this.#database.webhookEndpoint.updateMany({ where: { id: endpointId, failingSince: null }, data: { failingSince: new Date(nowMs) } }),
    ]);
  }

  /** Ends what waits at an endpoint, and the endpoint with it. @returns whether it was enabled */
  async disable(endpointId: string, reason: 'persistent-failure' | 'gone', failingBefore?: Date): Promise<boolean> {
    const where = { id: endpointId, disabledReason: null, ...(failingBefore ? { failingSince: { lte: failingBefore } } : {}) };
    return await this.#database.$transaction(async (tx) => {
      const { count } = await tx.webhookEndpoint.updateMany({ where, data: { disabledReason: reason } });
      if (count > 0) await tx.webhookDelivery.updateMany({ where: { endpointId, status: 'waiting' }, data: { status: 'failed', failure: 'endpoint-disabled' } });
      return count > 0;
    });
  }

  async prune(nowMs: number): Promise<void> {
    await this.#database.webhookEvent.deleteMany({ where: { createdAt: { lt: new Date(nowMs - keptMs) } } });
  }

  waiting(): Promise<number> {
    return this.#database.webhookDelivery.count({ where: { status: 'waiting' } });
  }
}
