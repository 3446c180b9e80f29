import { createHash, randomBytes } from 'node:crypto';
import { type Transaction } from '../store/database.ts';
import { type WebhookEvent } from './webhook-event.ts';

/** Writes events and one delivery for each endpoint that wants them, in the transaction of the change that they tell of. */
export async function writeWebhookEvents(tx: Transaction, events: readonly WebhookEvent[]): Promise<void> {
  if (events.length === 0) return;
  const [ids, vendors, types] = [events.map(idOf), events.map(({ vendorId }) => vendorId), events.map(({ type }) => type)];
  const [data, times] = [events.map((event) => JSON.stringify(event.data)), events.map(({ atMs }) => new Date(atMs).toISOString())];
  // One statement: the change waits for every round trip.
  await tx.$executeRaw`
    WITH written AS (
      INSERT INTO webhook_events (id, vendor_id, type, data, created_at)
      SELECT id, vendor_id, type, data::jsonb, created_at::timestamptz
      FROM unnest(${ids}::text[], ${vendors}::text[], ${types}::text[], ${data}::text[], ${times}::text[]) AS event (id, vendor_id, type, data, created_at)
      RETURNING id, vendor_id, type, created_at
    )
    INSERT INTO webhook_deliveries (event_id, endpoint_id, created_at, next_attempt_at)
    SELECT e.id, p.id, e.created_at, e.created_at FROM written e
    JOIN webhook_endpoints p ON p.vendor_id = e.vendor_id AND p.disabled_reason IS NULL AND (cardinality(p.event_types) = 0 OR e.type = ANY (p.event_types))`;
}

/** Whether an event that has a key was told already, up to a month ago. */
export const wasWritten = async (tx: Transaction, event: WebhookEvent & { readonly key: string }): Promise<boolean> => (await tx.webhookEvent.count({ where: { id: idOf(event) } })) > 0;

const idOf = ({ vendorId, type, key }: WebhookEvent): string => `evt_${(key === undefined ? randomBytes(16) : createHash('sha256').update(JSON.stringify([vendorId, type, key])).digest().subarray(0, 16)).toString('base64url')}`;
