import { setTimeout as sleep } from 'node:timers/promises';

/** Tells whoever waits that something more is under a checkpoint. */
export class Announcements {
  #size = 0;
  #news = Promise.withResolvers<void>();

  /** Entries under the newest checkpoint that was announced. */
  get size(): number {
    return this.#size;
  }

  announce(size: number): void {
    if (size <= this.#size) return;
    this.#size = size;
    const news = this.#news;
    this.#news = Promise.withResolvers();
    news.resolve();
  }

  /** Resolves once more than `size` entries were announced, else after `timeoutMs` or when the signal aborts. */
  async beyond(size: number, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    if (this.#size > size || signal?.aborted) return;
    const timer = new AbortController();
    const ended = signal ? AbortSignal.any([signal, timer.signal]) : timer.signal;
    try {
      await Promise.race([this.#news.promise, sleep(timeoutMs, undefined, { signal: ended, ref: false }).catch(() => undefined)]);
    } finally {
      timer.abort();
    }
  }

  /** Looks every `intervalMs` at what other replicas have published, until the signal aborts. A failure to look is no news. */
  async follow(publishedSize: () => Promise<number>, intervalMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.announce(await publishedSize().catch(() => 0));
      await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
