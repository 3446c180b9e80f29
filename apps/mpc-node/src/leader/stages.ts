/** Milliseconds by stage of one session, for metrics. */
export class Stages {
  readonly #startedAt = performance.now();
  readonly #durations: Record<string, number> = {};

  async time<T>(stage: string, task: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    try {
      return await task();
    } finally {
      this.#durations[stage] = (this.#durations[stage] ?? 0) + performance.now() - startedAt;
    }
  }

  /** All stages so far, and `total`. */
  summary(): Record<string, number> {
    return { ...this.#durations, total: performance.now() - this.#startedAt };
  }
}
