import { type Clock } from '@boop/shared';

const quietMs = 150;

/** When this node last worked for somebody who waits; what can wait is done in the pauses. */
export class Activity {
  readonly #clock: Clock;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  touch(): void {
    this.#lastMs = this.#clock.nowMs();
  }

  get idle(): boolean {
    return this.#clock.nowMs() - this.#lastMs > quietMs;
  }
}
