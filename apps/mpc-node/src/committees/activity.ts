import { type Clock } from '@boop/shared';

/** Longer than what comes between two requests of one session. */
const quietMs = 20;
const lookAgainMs = 5;

/** Whether this node works for somebody who waits; what can wait is done in the pauses. */
export class Activity {
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  #lastMs = Number.NEGATIVE_INFINITY;
  #working = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  touch(): void {
    this.#lastMs = this.#clock.nowMs();
  }

  /** No pause begins before the work has ended. */
  async during<Output>(work: () => Promise<Output>): Promise<Output> {
    this.#working += 1;
    try {
      return await work();
    } finally {
      this.#working -= 1;
      this.touch();
    }
  }

  get idle(): boolean {
    return this.#working === 0 && this.#clock.nowMs() - this.#lastMs > quietMs;
  }

  /** Resolves in the next pause. */
  async pause(): Promise<void> {
    if (this.idle) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) this.#lookAgain();
    });
  }

  #lookAgain(): void {
    setTimeout(() => {
      if (this.idle) for (const resolve of this.#waiting.splice(0)) resolve();
      else this.#lookAgain();
    }, lookAgainMs).unref();
  }
}
