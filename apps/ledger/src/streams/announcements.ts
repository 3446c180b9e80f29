import { setTimeout as sleep } from 'node:timers/promises';

/** Tells whoever waits that something more is under a checkpoint. */
export class Announcements {
  readonly #waiting = new Set<() => void>();
  #size = 0;

  /** Entries under the newest checkpoint that was announced. */
  get size(): number {
    return this.#size;
  }

  announce(size: number): void {
    if (size <= this.#size) return;
    this.#size = size;
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves once more than `size` entries were announced, else after `timeoutMs` or when the signal aborts. */
  async beyond(size: number, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    if (this.#size > size || signal?.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs).unref();
      signal?.addEventListener('abort', wake);
      this.#waiting.add(wake);
    });
  }

  /** Looks every `intervalMs` at what other replicas have published, until the signal aborts. A failure to look is no news. */
  async follow(publishedSize: () => Promise<number>, intervalMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.announce(await publishedSize().catch(() => 0));
      await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
