import { BoopError } from '@boop/shared';
import { type EventReader, type StoredEvent } from './event-reader.ts';

export interface Resume {
  readonly epoch: string;
  readonly offset: number;
}

export interface Start extends Resume {
  /** Whether everything since the client's `resume` follows. */
  readonly recovered: boolean;
}

/** One connection's end of a stream. */
export interface Subscriber {
  /** Called once, before any event. */
  start(start: Start): void;
  event(event: StoredEvent, epoch: string): void;
  /** The stream began anew: nothing of this connection's position holds any more. */
  reset(): void;
}

const page = 200;

/**
 * One stream, read once and given to all its subscribers. Everything happens in one queue, so each subscriber gets each
 * event once and in order, whether it came before, while or after it joined.
 */
export class StreamFeed {
  readonly #stream: string;
  readonly #reader: EventReader;
  readonly #onError: (error: unknown) => void;
  readonly #subscribers = new Set<Subscriber>();
  #epoch: string | undefined;
  #tail = 0;
  #queue: Promise<unknown> = Promise.resolve();
  #refreshQueued = false;

  constructor(stream: string, reader: EventReader, onError: (error: unknown) => void) {
    this.#stream = stream;
    this.#reader = reader;
    this.#onError = onError;
  }

  get idle(): boolean {
    return this.#subscribers.size === 0;
  }

  /** The stream may have news; calls that come while one waits are the same call. */
  refresh(): void {
    if (this.#refreshQueued) return;
    this.#refreshQueued = true;
    this.#enqueue(async () => {
      this.#refreshQueued = false;
      await this.#advance();
    }).catch(this.#onError);
  }

  /**
   * @param from where the client stood, `begin` for all that is kept, undefined for what comes from now on
   * @throws BoopError `service.internal` when there is no such stream
   */
  join(subscriber: Subscriber, from: Resume | 'begin' | undefined): Promise<void> {
    return this.#enqueue(async () => {
      if (this.idle) await this.#open();
      else await this.#advance();
      const epoch = this.#epoch;
      if (epoch === undefined) throw new BoopError('service.internal', 'there is no such stream');
      const start = await this.#startOf(epoch, from);
      subscriber.start(start);
      await this.#replay(subscriber, epoch, start.offset);
      this.#subscribers.add(subscriber);
    });
  }

  leave(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
  }

  async #open(): Promise<void> {
    const position = await this.#reader.position(this.#stream);
    this.#epoch = position?.epoch;
    this.#tail = position?.last ?? 0;
  }

  async #startOf(epoch: string, from: Resume | 'begin' | undefined): Promise<Start> {
    if (from === 'begin') return { epoch, offset: 0, recovered: false };
    const known = from !== undefined && from.epoch === epoch && from.offset <= this.#tail;
    if (known && (await this.#reader.isComplete(this.#stream, from.offset))) return { epoch, offset: from.offset, recovered: true };
    return { epoch, offset: this.#tail, recovered: false };
  }

  async #replay(subscriber: Subscriber, epoch: string, from: number): Promise<void> {
    for (let offset = from; offset < this.#tail; ) {
      const { events } = await this.#reader.after(this.#stream, offset, page);
      for (const event of events) if (event.offset <= this.#tail) subscriber.event(event, epoch);
      offset = events.length < page ? this.#tail : events.at(-1)!.offset;
    }
  }

  async #advance(): Promise<void> {
    for (;;) {
      if (this.idle) return;
      const { epoch, events } = await this.#reader.after(this.#stream, this.#tail, page);
      if (epoch !== this.#epoch) return this.#reset();
      for (const event of events) {
        this.#tail = event.offset;
        for (const subscriber of this.#subscribers) subscriber.event(event, epoch!);
      }
      if (events.length < page) return;
    }
  }

  #reset(): void {
    const subscribers = [...this.#subscribers];
    this.#subscribers.clear();
    for (const subscriber of subscribers) subscriber.reset();
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}
