import { setTimeout as sleep } from 'node:timers/promises';
import { type TreeHead } from '@boop/log';
import { type Logger } from '@boop/platform';
import { BoopError, isBoopError, toBase64Url } from '@boop/shared';
import { type LogStore, type NewEntry } from '../store/log-store.ts';
import { type EntryPool } from './entry-pool.ts';
import { prepareBatch } from './prepare-batch.ts';
import { Turns } from './turns.ts';

export interface SequencerOptions {
  readonly store: LogStore;
  readonly pool: EntryPool;
  readonly log: Logger;
  /** Least time from the start of one batch to the next, unless a whole batch waits. */
  readonly intervalMs: number;
  readonly batchMax: number;
  /** Shared with whatever else in this process appends to the log. */
  readonly turns?: Turns;
  readonly onBatch?: (head: TreeHead, entries: number, durationMs: number) => void;
}

/** Batches written by another sequencer between our reading and our writing are tried again so often. */
const CONFLICTS_MAX = 3;
const FAILURE_PAUSE_MS = 250;

/**
 * Gives entries their leaf index: takes what waits in batches and extends the tree by one batch in one atomic write. It keeps
 * no state between batches, so what another process wrote, or what a lost answer left unknown, is found in the store.
 */
export class Sequencer {
  readonly #options: SequencerOptions;
  readonly #turns: Turns;

  constructor(options: SequencerOptions) {
    this.#options = options;
    this.#turns = options.turns ?? new Turns();
  }

  /** Writes batches until the signal aborts; the pool is open meanwhile. */
  async run(signal: AbortSignal): Promise<void> {
    const { pool, intervalMs, batchMax } = this.#options;
    pool.open();
    try {
      while (!signal.aborted) {
        await pool.filled(signal);
        const startedAtMs = performance.now();
        const done = await this.#writeBatch();
        if (signal.aborted || pool.waiting >= batchMax) continue;
        await pause(done ? intervalMs - (performance.now() - startedAtMs) : FAILURE_PAUSE_MS, signal);
      }
    } finally {
      pool.close();
    }
  }

  async #writeBatch(): Promise<boolean> {
    const batch = this.#options.pool.take(this.#options.batchMax);
    if (batch.length === 0) return true;
    try {
      const indexes = await this.sequence(batch.map(({ entry }) => entry));
      this.#options.pool.settle(batch, (name) => indexes.get(name)!);
      return true;
    } catch (error) {
      this.#options.log.error('a batch was not written', { entries: batch.length, error });
      const failure = new BoopError('log.unavailable', 'the entry may not have been written; append it again', { kind: 'unavailable', cause: error });
      this.#options.pool.settle(batch, () => failure);
      return false;
    }
  }

  /** Leaf index by entry hash (base64url), durable. Entries that are in the tree keep their index. */
  async sequence(entries: readonly NewEntry[]): Promise<Map<string, number>> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#turns.take(() => this.#trySequence(entries));
      } catch (error) {
        if (!isBoopError(error) || error.code !== 'log.conflict' || attempt === CONFLICTS_MAX) throw error;
        this.#options.log.warn('another sequencer writes to this log', { attempt });
      }
    }
  }

  async #trySequence(entries: readonly NewEntry[]): Promise<Map<string, number>> {
    const { store, onBatch } = this.#options;
    const startedAtMs = performance.now();
    // The head comes first: what is written after it makes the compare-and-swap fail.
    const from = await store.head();
    const indexes = await store.leafIndexes(entries.map(({ hash }) => hash));
    const fresh = entries.filter(({ hash }) => !indexes.has(toBase64Url(hash)));
    if (fresh.length === 0) return indexes;
    const batch = await prepareBatch(store, from, fresh);
    await store.append(batch);
    fresh.forEach(({ hash }, at) => indexes.set(toBase64Url(hash), from.size + at));
    onBatch?.(batch.to, fresh.length, performance.now() - startedAtMs);
    return indexes;
  }
}

async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  if (durationMs > 0) await sleep(durationMs, undefined, { signal }).catch(() => undefined);
}
