import { randomBytes } from 'node:crypto';
import { BoopError } from '@boop/shared';
import { countAttempt } from '../attempts/attempt-store.ts';
import { type ChannelEvent, type OutboxEntry, type Transition } from '../domain/events.ts';
import { type Prisma } from '../generated/prisma/client.ts';
import { movePayment } from '../payments/payment-store.ts';
import { type WebhookEvent } from '../webhooks/webhook-event.ts';
import { writeWebhookEvents } from '../webhooks/write-webhook-events.ts';
import { type Transaction } from './database.ts';

/** LISTEN/NOTIFY channel; the payload names the stream that has news. */
export const notifyChannel = 'channel_event';

type Effects = { events: readonly ChannelEvent[]; outbox?: readonly OutboxEntry[] | undefined; webhooks?: readonly WebhookEvent[] | undefined; posting?: string | undefined; attempt?: Transition<unknown>['attempt'] };

/** Whether anything goes along with a change. */
export const hasEffects = ({ events, outbox = [], webhooks = [], posting, attempt }: Effects): boolean => events.length + outbox.length + webhooks.length > 0 || posting !== undefined || attempt !== undefined;

/** Writes what goes along with a change, in the change's own transaction. */
export async function writeEffects(tx: Transaction, effects: Effects): Promise<void> {
  if (effects.attempt) await countAttempt(tx, effects.attempt);
  if (effects.posting !== undefined && !(await movePayment(tx, effects.posting, ['reserved'], 'posting', Date.now()))) throw new BoopError('mpc.aborted', 'the reservation is gone', { kind: 'unavailable', retryAllowed: true });
  await writeOutbox(tx, effects.outbox ?? []);
  await writeWebhookEvents(tx, effects.webhooks ?? []);
  await appendEvents(tx, effects.events);
}

async function writeOutbox(tx: Transaction, entries: readonly OutboxEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const now = new Date();
  const data = entries.map(({ entryHash, entry, receipts }) => ({ entryHash, entry: new Uint8Array(entry), receipts: receipts as unknown as Prisma.InputJsonValue, createdAt: now, nextAttemptAt: now }));
  await tx.logOutbox.createMany({ data, skipDuplicates: true });
}

/**
 * Streams are locked in the order of their names, so that two transactions never wait for each other in a circle. The row of a stream stays locked until the transaction
 * ends, so offsets become visible in order. One statement for all of them: a decision waits for every round trip.
 */
export async function appendEvents(tx: Transaction, events: readonly ChannelEvent[]): Promise<void> {
  if (events.length === 0) return;
  const byStream = new Map<string, ChannelEvent['payload'][]>();
  for (const { stream, payload } of events) byStream.set(stream, [...(byStream.get(stream) ?? []), payload]);
  const groups = [...byStream].sort(([a], [b]) => (a < b ? -1 : 1));
  const [streams, epochs, payloads] = [groups.map(([stream]) => stream), groups.map(newEpoch), groups.map(([, group]) => JSON.stringify(group))];
  await tx.$executeRaw`
    WITH groups AS (
      SELECT stream, epoch, payloads::jsonb AS payloads FROM unnest(${streams}::text[], ${epochs}::text[], ${payloads}::text[]) AS news (stream, epoch, payloads)
    ), advanced AS (
      INSERT INTO channel_streams (stream, epoch, last_offset) SELECT stream, epoch, jsonb_array_length(payloads) FROM groups
      ON CONFLICT (stream) DO UPDATE SET last_offset = channel_streams.last_offset + EXCLUDED.last_offset
      RETURNING stream, last_offset
    ), appended AS (
      INSERT INTO channel_events (stream, event_offset, payload, created_at)
      SELECT stream, last_offset - jsonb_array_length(payloads) + position, payload, ${new Date()}::timestamptz
      FROM advanced JOIN groups USING (stream), jsonb_array_elements(payloads) WITH ORDINALITY AS event (payload, position)
    )
    SELECT pg_notify(${notifyChannel}, stream) FROM advanced`;
}

export async function ensureStream(tx: Transaction, stream: string): Promise<void> {
  await tx.channelStream.createMany({ data: [{ stream, epoch: newEpoch(), lastOffset: 0n }], skipDuplicates: true });
}

const newEpoch = (): string => randomBytes(9).toString('base64url');
