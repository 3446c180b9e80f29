import { type Logger } from '@boop/platform';
import { type ConsentEvent } from '@boop/protocol';
import { type ConsentsClient } from './consents-client.ts';

const batch = 50;

/** Hands on what happened to consents: an entry to the log's outbox, a notice to the vendor, in one transaction; the same event again changes nothing. */
export type HandOn = (event: ConsentEvent) => Promise<void>;

/** Takes events of consents from the attributes service, oldest first. An event is settled there after it was handed on here, so none is lost. */
export class ConsentEvents {
  readonly #consents: ConsentsClient;
  readonly #handOn: HandOn;
  readonly #log: Logger;
  #running: Promise<void> | undefined;

  constructor({ consents, handOn, log }: { consents: ConsentsClient; handOn: HandOn; log: Logger }) {
    this.#consents = consents;
    this.#handOn = handOn;
    this.#log = log;
  }

  /** Looks now rather than at the next tick. */
  kick(): void {
    this.run().catch((error: unknown) => this.#log.warn('events of consents wait', { error }));
  }

  /** One run at a time; whoever comes meanwhile waits for it and for one more. */
  async run(): Promise<void> {
    while (this.#running) await this.#running.catch(() => undefined);
    this.#running = this.#drain().finally(() => (this.#running = undefined));
    await this.#running;
  }

  async #drain(): Promise<void> {
    for (;;) {
      const { events } = await this.#consents.ask('consents.events', { limit: batch });
      for (const event of events) await this.#handOn(event);
      if (events.length > 0) await this.#consents.ask('consents.settle', { sequences: events.map(({ sequence }) => sequence) });
      if (events.length < batch) return;
    }
  }
}
