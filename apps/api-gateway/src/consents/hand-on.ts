import { type ConsentNotice, logEntryHash } from '@boop/protocol';
import { type ChannelEvent, vendorEvent } from '../domain/events.ts';
import { type Database, type Transaction } from '../store/database.ts';
import { writeEffects } from '../store/effects.ts';
import { type WebhookEvent } from '../webhooks/webhook-event.ts';
import { wasWritten } from '../webhooks/write-webhook-events.ts';
import { type HandOn } from './consent-events.ts';

/** Into the gateway's database. The outbox knows an entry for a day and the webhooks a notice for a month, so an event that comes twice is told once. */
export function handOnTo(database: Database, use: { sendOutbox: () => void; wakeWebhooks: () => void }): HandOn {
  return async ({ entry, notify }) => {
    await database.$transaction(async (tx) => {
      await writeEffects(tx, { ...(notify ? await noticeEffects(tx, notify) : { events: [] }), outbox: entry ? [{ entryHash: logEntryHash(entry), entry, receipts: [] }] : [] });
    });
    if (entry) use.sendOutbox();
    if (notify) use.wakeWebhooks();
  };
}

async function noticeEffects(tx: Transaction, notice: ConsentNotice): Promise<{ events: ChannelEvent[]; webhooks?: WebhookEvent[] }> {
  const { event, webhook } = tellingOf(notice);
  return (await wasWritten(tx, webhook)) ? { events: [] } : { events: [event], webhooks: [webhook] };
}

function tellingOf(notice: ConsentNotice): { event: ChannelEvent; webhook: WebhookEvent & { readonly key: string } } {
  const { vendorId, consentId, purpose } = notice;
  if (notice.kind === 'revoked') {
    const data = { consentId, purpose, revokedAt: notice.revokedAt };
    return { event: vendorEvent(vendorId, { type: 'consent_revoked', ...data }), webhook: { vendorId, type: 'consent.revoked', key: consentId, data, atMs: notice.revokedAt * 1000 } };
  }
  const { attributes, grantedAt, expiresAt, grant } = notice;
  const data = { consentId, purpose, attributes, grantedAt, expiresAt };
  return { event: vendorEvent(vendorId, { type: 'consent_granted', ...data }), webhook: { vendorId, type: 'consent.granted', key: grant, data, atMs: grantedAt * 1000 } };
}
