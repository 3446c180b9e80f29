import { type LogEntry, logEntryBytes, logEntryHash } from '@boop/protocol';
import { type Clock } from '@boop/shared';
import { type Database } from '../store/database.ts';
import { writeEffects } from '../store/effects.ts';

/** Registers in the log that an attribute was written: a commitment that hides all of it. */
export interface AttributeLog {
  /** Durable in the outbox when it resolves. @returns the entry's hash */
  written(commitment: string, action: 'set' | 'verified'): Promise<string>;
}

export const attributeLog = (use: { networkId: string; epoch: () => number; database: Database; sendOutbox: () => void; clock: Clock }): AttributeLog => ({
  async written(commitment, action) {
    const { networkId, epoch, database, sendOutbox, clock } = use;
    const record: LogEntry = { v: 1, networkId, epoch: epoch(), time: Math.floor(clock.nowMs() / 1000), kind: 'attributes', commitment, action };
    const entry = logEntryBytes(record);
    const entryHash = logEntryHash(entry);
    await database.$transaction((tx) => writeEffects(tx, { events: [], outbox: [{ entryHash, entry, receipts: [] }] }));
    sendOutbox();
    return entryHash;
  },
});
