import { type EventReader, type StoredEvent, type StreamPosition } from './event-reader.ts';
import { type RedisReader } from './redis-reader.ts';

/**
 * The copy in Redis where it can be trusted and has the answer, the database otherwise. Both count with the same epochs and offsets, so a stream may be
 * read now from the one and now from the other, and a Redis that is away, empty or behind loses nothing.
 */
export class PreferredReader implements EventReader {
  readonly #copy: () => RedisReader | undefined;
  readonly #truth: EventReader;

  /** @param parts `copy` gives the copy while it can be trusted */
  constructor(parts: { copy: () => RedisReader | undefined; truth: EventReader }) {
    this.#copy = parts.copy;
    this.#truth = parts.truth;
  }

  async position(stream: string): Promise<StreamPosition | undefined> {
    return (await this.#ofCopy((copy) => copy.position(stream))) ?? (await this.#truth.position(stream));
  }

  async after(stream: string, offset: number, limit: number): Promise<{ epoch: string | undefined; events: StoredEvent[] }> {
    const page = await this.#ofCopy((copy) => copy.page(stream, offset, limit));
    const follows = page?.position && (page.events.length > 0 ? page.events[0]!.offset === offset + 1 : page.position.last === offset);
    return follows ? { epoch: page.position!.epoch, events: page.events } : await this.#truth.after(stream, offset, limit);
  }

  async isComplete(stream: string, offset: number): Promise<boolean> {
    return (await this.#ofCopy((copy) => copy.isComplete(stream, offset))) === true || (await this.#truth.isComplete(stream, offset));
  }

  async #ofCopy<T>(ask: (copy: RedisReader) => Promise<T>): Promise<T | undefined> {
    const copy = this.#copy();
    return copy && (await ask(copy).catch(() => undefined));
  }
}
