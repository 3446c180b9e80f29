import { type Database } from '../store/database.ts';
import { type WebhookEvent } from './webhook-event.ts';
import { writeWebhookEvents } from './write-webhook-events.ts';

/** For features whose change is stored elsewhere: durable when it resolves. Those with a transaction here use `writeWebhookEvents` in it. */
export class WebhookPublisher {
  readonly #database: Database;
  readonly #wake: () => void;

  constructor(database: Database, wake: () => void) {
    this.#database = database;
    this.#wake = wake;
  }

  async publish(...events: readonly WebhookEvent[]): Promise<void> {
    await this.#database.$transaction((tx) => writeWebhookEvents(tx, events));
    this.#wake();
  }
}
