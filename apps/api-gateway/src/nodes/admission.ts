import { BoopError } from '@boop/shared';
import { ConcurrencyLimit } from './concurrency-limit.ts';

/** People who wait for each place, at most. */
const waitingPerPlace = 3;
/** In a rush nobody waits longer than a few runs take now… */
const waitRuns = 4;
const waitMinMs = 1_000;
const waitMaxMs = 3_000;
/** …under overload no longer than this share of one. */
const overloadShare = 0.15;
const overloadMinMs = 10;
/** Overload is over when nobody was refused for so many times as long as one may wait in a rush. */
const quietWaits = 3;
const unknownRunMs = 500;

/** Time as the admission sees it. */
export interface Time {
  nowMs(): number;
  /** @returns cancels */
  after(ms: number, run: () => void): () => void;
}

const systemTime: Time = {
  nowMs: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

interface Waiting {
  readonly sinceMs: number;
  admit(): void;
  refuse(): void;
  cancel: () => void;
}

/**
 * Bounds how many runs are under way at the nodes, since nodes that are asked for more than they can do answer all of it late. Above the limit
 * (`ConcurrencyLimit`) a few people wait, first come first served, for at most four times what a run takes now (1 to 3 s). When more are refused than
 * could wait or run, it is overload: then the newest is served first and nobody waits longer than 0.15 of a run, so that whoever is served is served in
 * time and whoever is not learns it at once. It is over when nobody was refused for three times as long as one may wait otherwise (Maurer, "Fail at scale", ACM
 * Queue 13(8): controlled delay, adaptive LIFO).
 */
export class Admission {
  readonly #time: Time;
  readonly #limit: ConcurrencyLimit;
  readonly #waiting: Waiting[] = [];
  #active = 0;
  #refused = 0;
  #refusedInRow = 0;
  #lastRefusalMs = -Infinity;
  #isOverload = false;

  constructor(time: Time = systemTime) {
    this.#time = time;
    this.#limit = new ConcurrencyLimit(() => time.nowMs());
  }

  get limit(): number {
    return this.#limit.value;
  }

  get active(): number {
    return this.#active;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** How many were refused since the start. */
  get refused(): number {
    return this.#refused;
  }

  /** Waits for a place. @returns gives it back, once @throws BoopError `service.overloaded` */
  async enter(): Promise<() => void> {
    if (this.#active < this.limit && this.#waiting.length === 0) this.#active += 1;
    else await this.#wait();
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      this.#active -= 1;
      this.#admitNext();
    };
  }

  /**
   * Measures what the nodes are asked for in a place.
   * @param kindOf what took the same work, by its outcome: one of few names
   */
  async during<T>(run: () => Promise<T>, kindOf: (outcome: T) => string): Promise<T> {
    const started = this.#limit.begin();
    let kind: string | undefined;
    try {
      const outcome = await run();
      kind = kindOf(outcome);
      return outcome;
    } finally {
      this.#limit.end(started, kind, this.#waiting.length > 0 || this.#time.nowMs() - this.#lastRefusalMs < this.#runMs);
    }
  }

  get #runMs(): number {
    return this.#limit.recentMs ?? unknownRunMs;
  }

  get #waitMs(): number {
    return Math.min(waitMaxMs, Math.max(waitMinMs, waitRuns * this.#runMs));
  }

  get #overloadWaitMs(): number {
    return Math.max(overloadMinMs, overloadShare * this.#runMs);
  }

  #wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      const nowMs = this.#time.nowMs();
      if (nowMs - this.#lastRefusalMs > quietWaits * this.#waitMs) this.#isOverload = false;
      const one: Waiting = {
        sinceMs: nowMs,
        admit: resolve,
        refuse: () => {
          this.#lastRefusalMs = this.#time.nowMs();
          this.#refused += 1;
          this.#refusedInRow += 1;
          reject(new BoopError('service.overloaded', 'the nodes are busy', { kind: 'unavailable', retryAllowed: true }));
        },
        cancel: () => undefined,
      };
      const roomFor = this.limit * (this.#isOverload ? 1 : waitingPerPlace);
      if (this.#waiting.length >= roomFor) {
        if (!this.#isOverload) {
          one.refuse();
          if (this.#refusedInRow > roomFor + this.limit) this.#beginOverload();
          return;
        }
        this.#refuse(this.#waiting[0]!);
      }
      this.#waiting.push(one);
      one.cancel = this.#time.after(this.#isOverload ? this.#overloadWaitMs : this.#waitMs, () => this.#refuse(one));
    });
  }

  #beginOverload(): void {
    this.#isOverload = true;
    const oldestMs = this.#time.nowMs() - this.#overloadWaitMs;
    for (const one of this.#waiting.filter(({ sinceMs }) => sinceMs < oldestMs)) this.#refuse(one);
  }

  #refuse(one: Waiting): void {
    one.cancel();
    this.#waiting.splice(this.#waiting.indexOf(one), 1);
    one.refuse();
  }

  #admitNext(): void {
    while (this.#active < this.limit) {
      const next = this.#isOverload ? this.#waiting.pop() : this.#waiting.shift();
      if (!next) break;
      next.cancel();
      this.#active += 1;
      next.admit();
    }
    if (this.#waiting.length === 0) this.#refusedInRow = 0;
  }
}
