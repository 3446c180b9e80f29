const FIRST_MS = 50;
const LAST_MS = 2_000;

/** Exponential backoff with full jitter in its upper half: 25-50 ms first, 1-2 s in the long run. */
export class Backoff {
  #ceilingMs = FIRST_MS;

  nextDelayMs(): number {
    const ceiling = this.#ceilingMs;
    this.#ceilingMs = Math.min(LAST_MS, ceiling * 2);
    return ceiling * (0.5 + Math.random() / 2);
  }

  reset(): void {
    this.#ceilingMs = FIRST_MS;
  }
}
