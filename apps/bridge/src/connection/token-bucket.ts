/** Rate limit with burst: `capacity` at once, refilled at `perSecond`. Time is an argument. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #capacity: number;
  #tokens: number;
  #atMs: number;

  constructor(options: { perSecond: number; capacity: number; nowMs: number }) {
    this.#perSecond = options.perSecond;
    this.#capacity = options.capacity;
    this.#tokens = options.capacity;
    this.#atMs = options.nowMs;
  }

  /** @returns false when the rate is exceeded */
  take(nowMs: number): boolean {
    // A clock that steps back adds nothing.
    this.#tokens = Math.min(this.#capacity, this.#tokens + (Math.max(0, nowMs - this.#atMs) / 1000) * this.#perSecond);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Undoes one `take`. */
  giveBack(): void {
    this.#tokens = Math.min(this.#capacity, this.#tokens + 1);
  }
}
