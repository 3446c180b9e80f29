import { type EventReader } from './event-reader.ts';
import { type Resume, StreamFeed, type Subscriber } from './stream-feed.ts';

interface Entry {
  readonly feed: StreamFeed;
  /** Subscribers, and those about to be. */
  users: number;
}

/** All streams that somebody here listens to. */
export class FeedHub {
  readonly #reader: EventReader;
  readonly #onError: (error: unknown) => void;
  readonly #feeds = new Map<string, Entry>();

  constructor(reader: EventReader, onError: (error: unknown) => void) {
    this.#reader = reader;
    this.#onError = onError;
  }

  /** @returns what ends the subscription. @throws BoopError `service.internal` */
  async subscribe(stream: string, from: Resume | 'begin' | undefined, subscriber: Subscriber): Promise<() => void> {
    const entry = this.#feeds.get(stream) ?? { feed: new StreamFeed(stream, this.#reader, this.#onError), users: 0 };
    this.#feeds.set(stream, entry);
    entry.users += 1;
    let left = false;
    const leave = (): void => {
      if (left) return;
      left = true;
      entry.feed.leave(subscriber);
      entry.users -= 1;
      if (entry.users === 0) this.#feeds.delete(stream);
    };
    try {
      await entry.feed.join(subscriber, from);
    } catch (error) {
      leave();
      throw error;
    }
    return leave;
  }

  /** A notification named this stream. */
  refresh(stream: string): void {
    this.#feeds.get(stream)?.feed.refresh();
  }

  /** Notifications may have been lost. */
  refreshAll(): void {
    for (const { feed } of this.#feeds.values()) feed.refresh();
  }
}
