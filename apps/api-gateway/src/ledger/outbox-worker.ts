import { type Logger } from '@boop/platform';
import { type Clock, isBoopError } from '@boop/shared';
import { type OutboxStore, type PendingEntry } from '../services/ports.ts';
import { type Ledger } from './ledger-client.ts';

const idleMs = 1_000;
const batch = 50;
const firstRetryMs = 250;
const lastRetryMs = 30_000;

/** How long to leave an entry alone after `attempts` failures. */
export const retryDelayMs = (attempts: number): number => Math.min(lastRetryMs, firstRetryMs * 2 ** Math.min(attempts, 10));

/**
 * Hands the outbox to the ledger, oldest first. An entry stays until the ledger acknowledged it; since appending is idempotent, losing
 * the answer costs one repetition and nothing else.
 */
export class OutboxWorker {
  readonly #outbox: OutboxStore;
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #log: Logger;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(options: { outbox: OutboxStore; ledger: Ledger; clock: Clock; log: Logger }) {
    this.#outbox = options.outbox;
    this.#ledger = options.ledger;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Looks at the outbox now rather than at the next tick. */
  kick(): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = this.#drain().finally(() => {
      this.#running = undefined;
      if (this.#stopped) return;
      if (this.#again) {
        this.#again = false;
        this.kick();
      } else this.#timer = setTimeout(() => this.kick(), idleMs);
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #drain(): Promise<void> {
    try {
      for (;;) {
        if (!this.#ledger.connected || this.#stopped) return;
        const entries = await this.#outbox.due(this.#clock.nowMs(), batch);
        await Promise.all(entries.map((entry) => this.#deliver(entry)));
        if (entries.length < batch) return;
      }
    } catch (error) {
      this.#log.error('the outbox could not be read', { error });
    }
  }

  async #deliver({ id, entry, entryHash, receipts, attempts }: PendingEntry): Promise<void> {
    try {
      await this.#outbox.acknowledge(id, await this.#ledger.append(entry, receipts), this.#clock.nowMs());
    } catch (error) {
      const refused = isBoopError(error) && error.kind === 'rejected';
      this.#log[refused ? 'error' : 'warn']('the ledger did not take an entry', { entryHash, attempts, error });
      await this.#outbox.postpone(id, this.#clock.nowMs() + retryDelayMs(attempts));
    }
  }
}
