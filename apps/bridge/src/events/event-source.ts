import { describeError, type Logger, PgNotify } from '@boop/platform';
import { type EventReader } from './event-reader.ts';
import { FeedHub } from './feed-hub.ts';
import { notifyChannel, postgresEventReader } from './postgres-reader.ts';
import { PreferredReader } from './preferred-reader.ts';
import { RedisFanOut } from './redis-fan-out.ts';
import { type HistoryBounds } from './redis-layout.ts';

export interface EventSourceOptions {
  readonly databaseUrl: string;
  /** Absent: every read goes to the database. */
  readonly redisUrl: string | undefined;
  readonly history: HistoryBounds;
  readonly log: Logger;
}

/** All channels' events, with what tells of news. */
export interface EventSource {
  readonly hub: FeedHub;
  checks(): Promise<{ readonly database: boolean; readonly redis?: boolean }>;
  close(): Promise<void>;
}

/** @throws the driver's error when the database can't be reached; Redis may be away */
export async function openEventSource({ databaseUrl, redisUrl, history, log }: EventSourceOptions): Promise<EventSource> {
  const failed = (error: unknown): void => log.warn('events could not be read', { error: describeError(error) });
  const database = postgresEventReader(databaseUrl, failed);
  let redis: RedisFanOut | undefined;
  const reader: EventReader = redisUrl === undefined ? database : new PreferredReader({ copy: () => (redis?.trusted ? redis.reader : undefined), truth: database });
  const hub = new FeedHub(reader, failed);
  const onNews = (stream: string | undefined): void => (stream === undefined ? hub.refreshAll() : hub.refresh(stream));
  try {
    if (redisUrl !== undefined) redis = new RedisFanOut({ redisUrl, databaseUrl, source: database, bounds: history, onNews, log });
    const notify = await PgNotify.connect({
      databaseUrl,
      onReconnect: () => {
        redis?.missed();
        hub.refreshAll();
      },
      log,
    });
    await notify.listen(notifyChannel, (stream) => {
      redis?.announced(stream);
      if (!redis?.trusted) hub.refresh(stream);
    });
    return {
      hub,
      checks: async () => ({ database: await database.ping(), ...(redis ? { redis: redis.trusted } : {}) }),
      async close() {
        await notify.close();
        await redis?.close();
        await database.close();
      },
    };
  } catch (error) {
    await redis?.close();
    await database.close();
    throw error;
  }
}
