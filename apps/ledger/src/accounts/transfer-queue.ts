import { type TransferRequest, type TransferResult } from '@boop/accounts';
import { describeError, type Logger } from '@boop/platform';
import { BoopError } from '@boop/shared';
import { type TransferStore } from './transfer-store.ts';

interface Waiting {
  readonly transfers: readonly TransferRequest[];
  resolve(results: TransferResult[]): void;
  reject(error: BoopError): void;
}

export interface QueueOptions {
  readonly store: Pick<TransferStore, 'create' | 'expireDue'>;
  readonly log: Logger;
  /** Transfers in one commit, unless a single request has more. */
  readonly batchMax?: number;
  /** Transfers that may wait. */
  readonly waitingMax?: number;
  /** How often to look for reservations that ran out. */
  readonly expiryIntervalMs?: number;
  readonly onWritten?: (transfers: number, durationMs: number) => void;
}

/**
 * Group commit: while one batch is being written the next gathers, so that many clients share a commit. Requests keep their order and are
 * never divided. Bounded: what does not fit is refused with `service.overloaded`.
 */
export class TransferQueue {
  readonly #options: Required<Omit<QueueOptions, 'onWritten'>> & Pick<QueueOptions, 'onWritten'>;
  readonly #waiting: Waiting[] = [];
  #count = 0;
  #pumping: Promise<void> | undefined;
  #isExpiryDue = false;
  readonly #timer: NodeJS.Timeout;
  #isClosed = false;

  constructor(options: QueueOptions) {
    this.#options = { batchMax: 2_048, waitingMax: 32_768, expiryIntervalMs: 250, ...options };
    this.#timer = setInterval(() => {
      this.#isExpiryDue = true;
      this.#pump();
    }, this.#options.expiryIntervalMs);
    this.#timer.unref();
  }

  get waiting(): number {
    return this.#count;
  }

  /** Resolves when the transfers are decided and durable. @throws BoopError `service.overloaded`, `log.unavailable` (ask again with the same ids) */
  async create(transfers: readonly TransferRequest[]): Promise<TransferResult[]> {
    if (this.#isClosed) throw unavailable();
    if (this.#count + transfers.length > this.#options.waitingMax) throw new BoopError('service.overloaded', 'too many transfers wait to be written', { kind: 'unavailable' });
    const { promise, resolve, reject } = Promise.withResolvers<TransferResult[]>();
    this.#waiting.push({ transfers, resolve, reject });
    this.#count += transfers.length;
    this.#pump();
    return await promise;
  }

  /** What waits is still written. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#pumping;
  }

  #pump(): void {
    this.#pumping ??= this.#drain().finally(() => {
      this.#pumping = undefined;
      if (this.#waiting.length > 0) this.#pump();
    });
  }

  async #drain(): Promise<void> {
    do {
      // Requests that arrive in this turn of the event loop join the batch.
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#isExpiryDue) await this.#expire();
      const batch = this.#take();
      if (batch.length > 0) await this.#write(batch);
    } while (this.#waiting.length > 0);
  }

  #take(): Waiting[] {
    let size = 0;
    const past = this.#waiting.findIndex(({ transfers }, at) => (size += transfers.length) > this.#options.batchMax && at > 0);
    const batch = this.#waiting.splice(0, past < 0 ? this.#waiting.length : past);
    this.#count -= batch.reduce((sum, { transfers }) => sum + transfers.length, 0);
    return batch;
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const startedAtMs = performance.now();
    try {
      const results = await this.#options.store.create(batch.map(({ transfers }) => transfers));
      batch.forEach(({ resolve }, at) => resolve(results[at]!));
      this.#options.onWritten?.(results.reduce((sum, { length }) => sum + length, 0), performance.now() - startedAtMs);
    } catch (error) {
      this.#options.log.error('a batch of transfers may not have been written', { requests: batch.length, error: describeError(error) });
      const failure = unavailable(error);
      for (const { reject } of batch) reject(failure);
    }
  }

  async #expire(): Promise<void> {
    this.#isExpiryDue = false;
    try {
      await this.#options.store.expireDue();
    } catch (error) {
      this.#options.log.error('reservations could not be released', { error: describeError(error) });
    }
  }
}

const unavailable = (cause?: unknown): BoopError => new BoopError('log.unavailable', 'the transfers may not have been written; send them again with the same ids', { kind: 'unavailable', cause });
