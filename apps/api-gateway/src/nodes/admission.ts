import { BoopError } from '@boop/shared';

const limitMin = 1;
const limitMax = 64;
const limitStart = 4;
/** Runs that take this much longer than undisturbed ones wait for each other. */
const toleratedFactor = 3;
const decrease = 0.9;
/** How long the shortest run is remembered, at least; at most twice as long. */
const windowMs = 30_000;

/** The shortest run of one kind of late. */
interface Pace {
  shortestMs: number;
  shortestBeforeMs: number;
  windowEndMs: number;
}

/**
 * Bounds how many runs are under way at the nodes, by how long they take (additive increase, multiplicative decrease on delay, after TCP Vegas):
 * nodes that are asked for more than they can do answer all of it late. What is above the bound is refused at once, so what is accepted keeps its time.
 * Runs are compared with runs of their kind, as one that finds nobody is over sooner than one that ends with a token; one that fails tells nothing.
 */
export class Admission {
  readonly #nowMs: () => number;
  readonly #paces = new Map<string, Pace>();
  #limit = limitStart;
  #active = 0;

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

  /**
   * Counts a run while it is under way.
   * @param kindOf what took the same work, by its outcome: one of few names
   */
  async during<T>(run: () => Promise<T>, kindOf: (outcome: T) => string): Promise<T> {
    const startMs = this.#nowMs();
    const active = ++this.#active;
    try {
      const outcome = await run();
      this.#learn(kindOf(outcome), this.#nowMs() - startMs, active);
      return outcome;
    } finally {
      this.#active--;
    }
  }

  #learn(kind: string, durationMs: number, active: number): void {
    const undisturbedMs = this.#undisturbedMs(kind, durationMs);
    if (durationMs > toleratedFactor * undisturbedMs) this.#limit = Math.max(limitMin, this.#limit * decrease);
    // A bound that nobody reaches says nothing about what the nodes can do.
    else if (active >= this.#limit / 2) this.#limit = Math.min(limitMax, this.#limit + 1 / this.#limit);
  }

  #undisturbedMs(kind: string, durationMs: number): number {
    const nowMs = this.#nowMs();
    const pace = this.#paces.get(kind) ?? { shortestMs: Infinity, shortestBeforeMs: Infinity, windowEndMs: -Infinity };
    this.#paces.set(kind, pace);
    if (nowMs > pace.windowEndMs) {
      pace.shortestBeforeMs = pace.shortestMs;
      pace.shortestMs = Infinity;
      pace.windowEndMs = nowMs + windowMs;
    }
    pace.shortestMs = Math.min(pace.shortestMs, durationMs);
    return Math.min(pace.shortestMs, pace.shortestBeforeMs);
  }
}
