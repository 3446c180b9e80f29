import { type Redis } from 'ioredis';
import { type StoredEvent } from './event-reader.ts';
import { type PostgresReader } from './postgres-reader.ts';
import { appendScript, eventsKey, type HistoryBounds, metaKey, newsChannel } from './redis-layout.ts';
import { RedisReader } from './redis-reader.ts';

const page = 200;

/**
 * Copies committed events from the gateway's database into Redis and announces them there. May run anywhere, also twice at once: the database gives
 * epochs and offsets, and {@link appendScript} refuses gaps and passes over repeats.
 */
export class StreamCopier {
  readonly #redis: Redis;
  readonly #reader: RedisReader;
  readonly #source: PostgresReader;
  readonly #bounds: HistoryBounds;
  /** Streams that are being copied; true when news came meanwhile. */
  readonly #running = new Map<string, boolean>();

  constructor(parts: { redis: Redis; source: PostgresReader; bounds: HistoryBounds }) {
    this.#redis = parts.redis;
    this.#reader = new RedisReader(parts.redis);
    this.#source = parts.source;
    this.#bounds = parts.bounds;
  }

  /** Brings every stream up to date and says so. @throws what Redis or the database throws */
  async copyAll(): Promise<void> {
    for (const stream of await this.#source.streams()) await this.copy(stream);
    await this.#redis.publish(newsChannel, '');
  }

  /** Calls that come while the stream is copied become one more round. */
  async copy(stream: string): Promise<void> {
    if (this.#running.has(stream)) return void this.#running.set(stream, true);
    this.#running.set(stream, false);
    try {
      do {
        this.#running.set(stream, false);
        await this.#copyNews(stream);
      } while (this.#running.get(stream));
    } finally {
      this.#running.delete(stream);
    }
  }

  async #copyNews(stream: string): Promise<void> {
    const copied = await this.#reader.position(stream);
    let epoch = copied?.epoch;
    let offset = copied?.last ?? 0;
    for (;;) {
      const news = await this.#source.after(stream, offset, page);
      if (news.epoch === undefined) return await this.#drop(stream);
      if (news.epoch !== epoch) {
        // It began anew, and counts from one again.
        epoch = news.epoch;
        if (offset > 0) {
          await this.#drop(stream);
          offset = 0;
          continue;
        }
      }
      if (news.events.length === 0) return;
      await this.#append(stream, news.epoch, news.events);
      offset = news.events.at(-1)!.offset;
      if (news.events.length < page) return;
    }
  }

  async #append(stream: string, epoch: string, events: readonly StoredEvent[]): Promise<void> {
    const nowMs = Date.now();
    const { eventsMax, ageMs } = this.#bounds;
    const payloads = events.map(({ payload }) => JSON.stringify(payload));
    const run = () => this.#redis.eval(appendScript, 2, metaKey(stream), eventsKey(stream), epoch, events[0]!.offset, eventsMax, nowMs - ageMs, ageMs, nowMs, newsChannel, stream, ...payloads);
    if ((await run()) !== -1) return;
    // The database dropped events before they were copied: the copy starts over behind the gap.
    await this.#drop(stream);
    await run();
  }

  async #drop(stream: string): Promise<void> {
    await this.#redis.del(metaKey(stream), eventsKey(stream));
  }
}
