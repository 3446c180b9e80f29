import { vendorEvent } from '../domain/events.ts';
import { type Database } from '../store/database.ts';
import { writeEffects } from '../store/effects.ts';
import { writeWebhookEvents } from '../webhooks/write-webhook-events.ts';
import { type HandOn } from './consent-events.ts';

/** Into the gateway's database: the outbox knows an entry for a day, so an event that comes twice is told once. */
export function handOnTo(database: Database, sendOutbox: () => void): HandOn {
  return async ({ entry, notify }, entryHash) => {
    await database.$transaction(async (tx) => {
      if ((await tx.logOutbox.count({ where: { entryHash } })) > 0) return;
      await writeEffects(tx, { events: notify ? [vendorEvent(notify.vendorId, { type: 'consent_revoked', consentId: notify.consentId, purpose: notify.purpose, revokedAt: notify.revokedAt })] : [], outbox: [{ entryHash, entry, receipts: [] }] });
      if (!notify) return;
      const { vendorId, ...data } = notify;
      await writeWebhookEvents(tx, [{ vendorId, type: 'consent.revoked', data, atMs: notify.revokedAt * 1000 }]);
    });
    sendOutbox();
  };
}
