import { BoopError } from '@boop/shared';

const limitMin = 1;
const limitMax = 64;
const limitStart = 4;
/** Runs that take this much longer than undisturbed ones wait for each other. */
const toleratedFactor = 3;
const decrease = 0.9;
/** How long the shortest run is remembered, at least; at most twice as long. */
const windowMs = 30_000;

/**
 * Bounds how many runs are under way at the nodes, by how long they take (additive increase, multiplicative decrease on delay, after TCP Vegas):
 * nodes that are asked for more than they can do answer all of it late. What is above the bound is refused at once, so what is accepted keeps its time.
 */
export class Admission {
  readonly #nowMs: () => number;
  #limit = limitStart;
  #active = 0;
  #windowEndMs = -Infinity;
  #shortestMs = Infinity;
  #shortestBeforeMs = Infinity;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** @throws BoopError `service.overloaded` */
  assertRoom(): void {
    if (this.#active >= this.limit) throw new BoopError('service.overloaded', 'the nodes are busy', { kind: 'unavailable', retryAllowed: true });
  }

  /** Counts a run while it is under way. */
  async during<T>(run: () => Promise<T>): Promise<T> {
    const startMs = this.#nowMs();
    const active = ++this.#active;
    try {
      return await run();
    } finally {
      this.#active--;
      this.#learn(this.#nowMs() - startMs, active);
    }
  }

  #learn(durationMs: number, active: number): void {
    const nowMs = this.#nowMs();
    if (nowMs > this.#windowEndMs) {
      this.#shortestBeforeMs = this.#shortestMs;
      this.#shortestMs = Infinity;
      this.#windowEndMs = nowMs + windowMs;
    }
    this.#shortestMs = Math.min(this.#shortestMs, durationMs);
    const undisturbedMs = Math.min(this.#shortestMs, this.#shortestBeforeMs);
    if (durationMs > toleratedFactor * undisturbedMs) this.#limit = Math.max(limitMin, this.#limit * decrease);
    // A bound that nobody reaches says nothing about what the nodes can do.
    else if (active >= this.#limit / 2) this.#limit = Math.min(limitMax, this.#limit + 1 / this.#limit);
  }
}
