import { BoopError, toBase64Url } from '@boop/shared';
import { type NewEntry } from '../store/log-store.ts';

interface Waiting {
  readonly entry: NewEntry;
  readonly leafIndex: Promise<number>;
  resolve(leafIndex: number): void;
  reject(error: unknown): void;
}

export interface PoolLimits {
  readonly entriesMax: number;
  readonly bytesMax: number;
}

export const POOL_LIMITS: PoolLimits = { entriesMax: 8_192, bytesMax: 32 * 1024 * 1024 };

/**
 * Entries on their way into the tree. Bounded: what does not fit is refused with `service.overloaded`. Closed unless this
 * process is the sequencer: then everything is refused with `log.unavailable`. The same entry twice is one entry.
 */
export class EntryPool {
  readonly #limits: PoolLimits;
  /** By entry hash, oldest first; those of the batch that is being written included. */
  readonly #entries = new Map<string, Waiting>();
  #queue: Waiting[] = [];
  #bytes = 0;
  #isOpen = false;
  #wake: (() => void) | undefined;

  constructor(limits: PoolLimits = POOL_LIMITS) {
    this.#limits = limits;
  }

  /** Entries that no batch has taken yet. */
  get waiting(): number {
    return this.#queue.length;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  open(): void {
    this.#isOpen = true;
  }

  /** Refuses what waits and what comes; a batch in the middle of being written is settled by its writer. */
  close(): void {
    this.#isOpen = false;
    this.settle(this.#queue.splice(0), () => unavailable('this replica does not write to the log now'));
  }

  /** Resolves with the leaf index once the entry is durably in the tree. */
  async add(entry: NewEntry): Promise<number> {
    if (!this.#isOpen) throw unavailable('this replica does not write to the log now');
    const name = toBase64Url(entry.hash);
    const known = this.#entries.get(name);
    if (known) return await known.leafIndex;
    if (this.#entries.size >= this.#limits.entriesMax || this.#bytes + entry.bytes.length > this.#limits.bytesMax) {
      throw new BoopError('service.overloaded', 'too many entries wait to be written to the log', { kind: 'unavailable' });
    }
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const waiting: Waiting = { entry, leafIndex: promise, resolve, reject };
    this.#entries.set(name, waiting);
    this.#queue.push(waiting);
    this.#bytes += entry.bytes.length;
    this.#wake?.();
    return await promise;
  }

  take(countMax: number): Waiting[] {
    return this.#queue.splice(0, countMax);
  }

  /** Answers those who wait for these entries. @param outcome leaf index by entry hash, or what went wrong */
  settle(batch: readonly Waiting[], outcome: ((name: string) => number | BoopError)): void {
    for (const waiting of batch) {
      const name = toBase64Url(waiting.entry.hash);
      this.#entries.delete(name);
      this.#bytes -= waiting.entry.bytes.length;
      const result = outcome(name);
      if (typeof result === 'number') waiting.resolve(result);
      else waiting.reject(result);
    }
  }

  /** Resolves when an entry waits, or when the signal aborts. */
  async filled(signal: AbortSignal): Promise<void> {
    if (this.#queue.length > 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#wake = undefined;
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#wake = wake;
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}

export type { Waiting };

const unavailable = (message: string): BoopError => new BoopError('log.unavailable', message, { kind: 'unavailable' });
