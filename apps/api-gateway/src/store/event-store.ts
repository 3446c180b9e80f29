import { type EventStore } from '../services/ports.ts';
import { type Database } from './database.ts';
import { appendEvents, ensureStream } from './effects.ts';

const historyMs = 10 * 60_000;
const historyCountMax = 1_000;
const registrationStreamLifeMs = 60 * 60_000;

export function eventStore(database: Database): EventStore {
  return {
    async append(events) {
      await database.$transaction((tx) => appendEvents(tx, events));
    },
    async ensureStreams(streams) {
      await database.$transaction(async (tx) => {
        for (const stream of streams) await ensureStream(tx, stream);
      });
    },
    async prune(nowMs) {
      const before = new Date(nowMs - historyMs);
      await database.$executeRaw`
        DELETE FROM channel_events e USING channel_streams s
        WHERE e.stream = s.stream AND (e.created_at < ${before} OR e.event_offset <= s.last_offset - ${historyCountMax})`;
      const over = new Date(nowMs - registrationStreamLifeMs);
      await database.$executeRaw`
        DELETE FROM channel_streams s USING registrations r
        WHERE s.stream = 'registration:' || r.id AND r.expires_at < ${over}
          AND NOT EXISTS (SELECT 1 FROM channel_events e WHERE e.stream = s.stream)`;
    },
  };
}
