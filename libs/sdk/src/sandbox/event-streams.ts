import { toBase64Url, type Rng } from '@boop/shared';

export type Payload = Readonly<Record<string, unknown>> & { readonly type: string };
type Listener = (event: Payload & { readonly epoch: string; readonly offset: number }) => void;

interface Stream {
  readonly events: Payload[];
  readonly listeners: Set<Listener>;
}

/** The channels' events, all of them kept: what a bridge is to a real network. */
export class EventStreams {
  readonly #epoch: string;
  readonly #streams = new Map<string, Stream>();

  constructor(rng: Rng) {
    this.#epoch = toBase64Url(rng.bytes(9));
  }

  append(stream: string, payload: Payload): void {
    const { events, listeners } = this.#of(stream);
    events.push(payload);
    for (const listener of [...listeners]) listener({ ...payload, epoch: this.#epoch, offset: events.length });
  }

  /**
   * @param from where the client stood; `begin` for all, undefined for what comes from now on
   * @param start is told where the client stands, before any event
   * @returns unsubscribes
   */
  subscribe(stream: string, from: { epoch: string; offset: number } | 'begin' | undefined, start: (at: { epoch: string; offset: number; recovered: boolean }) => void, listener: Listener): () => void {
    const { events, listeners } = this.#of(stream);
    const recovered = from !== undefined && from !== 'begin' && from.epoch === this.#epoch && from.offset <= events.length;
    const offset = recovered ? from.offset : from === 'begin' ? 0 : events.length;
    start({ epoch: this.#epoch, offset, recovered });
    events.slice(offset).forEach((payload, at) => listener({ ...payload, epoch: this.#epoch, offset: offset + at + 1 }));
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  #of(name: string): Stream {
    const stream = this.#streams.get(name) ?? { events: [], listeners: new Set() };
    this.#streams.set(name, stream);
    return stream;
  }
}
