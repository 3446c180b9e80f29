import { type Redis } from 'ioredis';
import { type EventReader, type StoredEvent, type StreamPosition } from './event-reader.ts';
import { entryId, eventsKey, metaKey } from './redis-layout.ts';

type Entry = [id: string, fields: string[]];

/** Events and end of a stream, read in one step. */
export interface RedisPage {
  readonly position: StreamPosition | undefined;
  readonly events: StoredEvent[];
}

/** Reads the copies of channels in Redis; what it knows of a stream may be behind the database, or nothing. @see appendScript */
export class RedisReader implements EventReader {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  async position(stream: string): Promise<StreamPosition | undefined> {
    return positionIn(await this.#redis.hmget(metaKey(stream), 'epoch', 'last'));
  }

  async after(stream: string, offset: number, limit: number): Promise<{ epoch: string | undefined; events: StoredEvent[] }> {
    const { position, events } = await this.page(stream, offset, limit);
    return { epoch: position?.epoch, events };
  }

  async page(stream: string, offset: number, limit: number): Promise<RedisPage> {
    const [meta, entries] = await this.#together<[(string | null)[], Entry[]]>([
      ['hmget', metaKey(stream), 'epoch', 'last'],
      ['xrange', eventsKey(stream), `(${entryId(offset)}`, '+', 'COUNT', limit],
    ]);
    return { position: positionIn(meta), events: entries.map(eventOf) };
  }

  async isComplete(stream: string, offset: number): Promise<boolean> {
    const [meta, entries] = await this.#together<[(string | null)[], Entry[]]>([
      ['hmget', metaKey(stream), 'epoch', 'last'],
      ['xrange', eventsKey(stream), '-', '+', 'COUNT', 1],
    ]);
    const position = positionIn(meta);
    if (!position || offset > position.last) return false;
    // Entries are trimmed from the oldest on, so none is missing in between.
    return offset === position.last || (entries[0] !== undefined && eventOf(entries[0]).offset <= offset + 1);
  }

  async #together<T>(commands: (string | number)[][]): Promise<T> {
    const results = await this.#redis.multi(commands).exec();
    if (!results) throw new Error('the transaction was discarded');
    return results.map(([error, result]) => {
      if (error) throw error;
      return result;
    }) as T;
  }
}

const positionIn = ([epoch, last]: (string | null)[]): StreamPosition | undefined => (epoch && last ? { epoch, last: Number(last) } : undefined);
const eventOf = ([id, fields]: Entry): StoredEvent => ({ offset: Number(id.slice(0, id.indexOf('-'))), payload: JSON.parse(fields[1]!) as StoredEvent['payload'] });
