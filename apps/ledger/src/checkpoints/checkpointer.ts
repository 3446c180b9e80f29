import { setTimeout as sleep } from 'node:timers/promises';
import { type TreeHead } from '@boop/log';
import { type Logger } from '@boop/platform';
import { isBoopError } from '@boop/shared';
import { type LogStore, type PublishedCheckpoint } from '../store/log-store.ts';
import { type CheckpointSigner } from './checkpoint-signer.ts';

export interface CheckpointerOptions {
  readonly store: LogStore;
  readonly signer: CheckpointSigner;
  readonly log: Logger;
  /** Least time between two checkpoints. */
  readonly intervalMs: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  readonly onPublished?: (checkpoint: PublishedCheckpoint, durationMs: number) => void;
}

/**
 * Publishes checkpoints: whenever the tree is larger than the last one that was published, has its head signed and stores it by
 * compare-and-swap; nothing is served before that. While the signers are too few it tries on, and entries go on being accepted.
 */
export class Checkpointer {
  readonly #options: CheckpointerOptions;
  #news = Promise.withResolvers<void>();
  #failure: string | undefined;

  constructor(options: CheckpointerOptions) {
    this.#options = options;
  }

  /** Says that the tree grew or that a signer came back, so that a waiting loop goes on at once. */
  wake(): void {
    this.#news.resolve();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { intervalMs, retryMinMs, retryMaxMs, log } = this.#options;
    let retryMs = retryMinMs;
    while (!signal.aborted) {
      this.#news = Promise.withResolvers();
      try {
        const published = await this.step();
        retryMs = retryMinMs;
        this.#failure = undefined;
        if (published) await pause(intervalMs, signal);
        else await this.#wait(retryMaxMs, signal);
      } catch (error) {
        const code = isBoopError(error) ? error.code : 'log.internal';
        // The same trouble over and over is told once.
        if (code !== this.#failure) log.warn('the checkpoint waits', { error });
        this.#failure = code;
        await pause(retryMinMs, signal);
        await this.#wait(retryMs, signal);
        retryMs = Math.min(2 * retryMs, retryMaxMs);
      }
    }
  }

  /** @returns what was published, undefined when everything is under a checkpoint already. @throws as store and signer do */
  async step(): Promise<PublishedCheckpoint | undefined> {
    const { store, signer, onPublished } = this.#options;
    const published = await store.published();
    const head: TreeHead = await store.head();
    if (head.size === (published?.size ?? 0)) return undefined;
    const startedAtMs = performance.now();
    const checkpoint: PublishedCheckpoint = { ...head, ...(await signer.sign(head)) };
    await store.publish(checkpoint, published?.size);
    onPublished?.(checkpoint, performance.now() - startedAtMs);
    return checkpoint;
  }

  async #wait(durationMs: number, signal: AbortSignal): Promise<void> {
    await Promise.race([pause(durationMs, signal), this.#news.promise]);
  }
}

async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  await sleep(durationMs, undefined, { signal }).catch(() => undefined);
}
