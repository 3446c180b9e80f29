import { type Codec } from '../connection/codec.ts';
import { frameOf } from '../connection/frame.ts';
import { type StoredEvent } from './event-reader.ts';

/** One event on its way to all subscribers of its stream: encoded once per codec, however many hear it. */
export class Broadcast implements StoredEvent {
  readonly offset: number;
  readonly payload: StoredEvent['payload'];
  readonly epoch: string;
  #frames: Map<Codec, Buffer> | undefined;

  constructor({ offset, payload }: StoredEvent, epoch: string) {
    this.offset = offset;
    this.payload = payload;
    this.epoch = epoch;
  }

  /** The event as a message; `re` names the message that it answers, which only one client sent. */
  message(re?: string): object {
    return { ...this.payload, ...(re === undefined ? {} : { re }), epoch: this.epoch, offset: this.offset };
  }

  frame(codec: Codec): Buffer {
    this.#frames ??= new Map();
    const made = this.#frames.get(codec) ?? frameOf(this.message(), codec);
    this.#frames.set(codec, made);
    return made;
  }
}
