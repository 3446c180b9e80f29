import { BoopError } from '@boop/shared';
import { Broadcast } from './broadcast.ts';
import { type EventReader } from './event-reader.ts';

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
  event(event: Broadcast): void;
  /** Resolves when the client has taken most of what it was sent, or is gone. */
  drained(): Promise<void>;
  /** The stream began anew, or events were dropped before they were read: this connection's position can't be followed any more. */
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
  /** With the offset up to which each has all events: ahead of the tail where a reader is behind what the client has seen by another. */
  readonly #subscribers = new Map<Subscriber, number>();
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
  async join(subscriber: Subscriber, from: Resume | 'begin' | undefined): Promise<void> {
    const start = await this.#enqueue(async () => {
      const epoch = await this.#update();
      const chosen = await this.#startOf(epoch, from);
      subscriber.start(chosen);
      return chosen;
    });
    const { epoch } = start;
    // A long way is gone at the client's pace, without holding up the others; only its end has to happen in the queue.
    let offset: number | undefined = start.offset;
    let anyStart = from === 'begin';
    while (offset !== undefined && this.#epoch === epoch && this.#tail - offset > page) {
      offset = await this.#replayPage(subscriber, epoch, offset, anyStart);
      anyStart = false;
      await subscriber.drained();
    }
    await this.#enqueue(async () => {
      if (offset !== undefined && (await this.#update()) !== epoch) offset = undefined;
      while (offset !== undefined && offset < this.#tail) {
        offset = await this.#replayPage(subscriber, epoch, offset, anyStart);
        anyStart = false;
      }
      if (offset === undefined) subscriber.reset();
      else this.#subscribers.set(subscriber, offset);
    });
  }

  leave(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
  }

  /** Where the stream stands now. @throws BoopError `service.internal` */
  async #update(): Promise<string> {
    if (this.idle) {
      const position = await this.#reader.position(this.#stream);
      this.#epoch = position?.epoch;
      this.#tail = position?.last ?? 0;
    } else await this.#advance();
    if (this.#epoch === undefined) throw new BoopError('service.internal', 'there is no such stream');
    return this.#epoch;
  }

  async #startOf(epoch: string, from: Resume | 'begin' | undefined): Promise<Start> {
    if (from === 'begin') return { epoch, offset: 0, recovered: false };
    const known = from !== undefined && from.epoch === epoch;
    if (known && (await this.#reader.isComplete(this.#stream, from.offset))) return { epoch, offset: from.offset, recovered: true };
    return { epoch, offset: this.#tail, recovered: false };
  }

  /**
   * @param anyStart the oldest event may have any offset
   * @returns where the subscriber stands after it; undefined when history was dropped, or began anew, while it was read
   */
  async #replayPage(subscriber: Subscriber, epoch: string, from: number, anyStart: boolean): Promise<number | undefined> {
    const { epoch: epochNow, events } = await this.#reader.after(this.#stream, from, page);
    const first = events[0]?.offset ?? from + 1;
    if (epochNow !== epoch || (first !== from + 1 && !anyStart)) return undefined;
    for (const event of events) if (event.offset <= this.#tail) subscriber.event(new Broadcast(event, epoch));
    return events.length < page ? this.#tail : Math.min(this.#tail, events.at(-1)!.offset);
  }

  async #advance(): Promise<void> {
    for (;;) {
      if (this.idle) return;
      const { epoch, events } = await this.#reader.after(this.#stream, this.#tail, page);
      if (epoch === undefined || epoch !== this.#epoch) return this.#reset();
      if (events.length > 0 && events[0]!.offset !== this.#tail + 1) return this.#reset();
      for (const event of events) {
        this.#tail = event.offset;
        const broadcast = new Broadcast(event, epoch);
        for (const [subscriber, from] of this.#subscribers) if (event.offset > from) subscriber.event(broadcast);
      }
      if (events.length < page) return;
    }
  }

  #reset(): void {
    const subscribers = [...this.#subscribers.keys()];
    this.#subscribers.clear();
    for (const subscriber of subscribers) subscriber.reset();
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}
