import { createHash, randomBytes } from 'node:crypto';
import { type Prisma } from '../generated/prisma/client.ts';
import { type Transaction } from '../store/database.ts';
import { type WebhookEvent } from './webhook-event.ts';

/** Writes events and one delivery for each endpoint that wants them, in the transaction of the change that they tell of. */
export async function writeWebhookEvents(tx: Transaction, events: readonly WebhookEvent[]): Promise<void> {
  if (events.length === 0) return;
  const rows = events.map((event) => ({ id: idOf(event), vendorId: event.vendorId, type: event.type, data: event.data as Prisma.InputJsonValue, createdAt: new Date(event.atMs) }));
  const ids = rows.map(({ id }) => id);
  await tx.webhookEvent.createMany({ data: rows });
  await tx.$executeRaw`
    INSERT INTO webhook_deliveries (event_id, endpoint_id, created_at, next_attempt_at)
    SELECT e.id, p.id, e.created_at, e.created_at FROM webhook_events e
    JOIN webhook_endpoints p ON p.vendor_id = e.vendor_id AND p.disabled_reason IS NULL AND (cardinality(p.event_types) = 0 OR e.type = ANY (p.event_types))
    WHERE e.id = ANY (${ids})`;
}

/** Whether an event that has a key was told already, up to a month ago. */
export const wasWritten = async (tx: Transaction, event: WebhookEvent & { readonly key: string }): Promise<boolean> => (await tx.webhookEvent.count({ where: { id: idOf(event) } })) > 0;

const idOf = ({ vendorId, type, key }: WebhookEvent): string => `evt_${(key === undefined ? randomBytes(16) : createHash('sha256').update(JSON.stringify([vendorId, type, key])).digest().subarray(0, 16)).toString('base64url')}`;
