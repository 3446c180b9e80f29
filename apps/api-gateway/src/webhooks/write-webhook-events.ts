import { randomBytes } from 'node:crypto';
import { type Prisma } from '../generated/prisma/client.ts';
import { type Transaction } from '../store/database.ts';
import { type WebhookEvent } from './webhook-event.ts';

/** Writes events and one delivery for each endpoint that wants them, in the transaction of the change that they tell of. */
export async function writeWebhookEvents(tx: Transaction, events: readonly WebhookEvent[]): Promise<void> {
  if (events.length === 0) return;
  const rows = events.map(({ vendorId, type, data, atMs }) => ({ id: `evt_${randomBytes(16).toString('base64url')}`, vendorId, type, data: data as Prisma.InputJsonValue, createdAt: new Date(atMs) }));
  const ids = rows.map(({ id }) => id);
  await tx.webhookEvent.createMany({ data: rows });
  await tx.$executeRaw`
    INSERT INTO webhook_deliveries (event_id, endpoint_id, created_at, next_attempt_at)
    SELECT e.id, p.id, e.created_at, e.created_at FROM webhook_events e
    JOIN webhook_endpoints p ON p.vendor_id = e.vendor_id AND p.disabled_reason IS NULL AND (cardinality(p.event_types) = 0 OR e.type = ANY (p.event_types))
    WHERE e.id = ANY (${ids})`;
}
