import { BoopError } from '@boop/shared';

/** Lets so many scans run at once, so many more wait, and refuses the rest. */
export class Admission {
  readonly #activeMax: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #active = 0;

  constructor(activeMax: number, waitingMax: number) {
    this.#activeMax = activeMax;
    this.#waitingMax = waitingMax;
  }

  get active(): number {
    return this.#active;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** @throws BoopError `service.overloaded` when the queue is full */
  async run<Output>(work: () => Promise<Output>): Promise<Output> {
    if (this.#active >= this.#activeMax) {
      if (this.#waiting.length >= this.#waitingMax) throw new BoopError('service.overloaded', 'too many searches wait already', { kind: 'unavailable' });
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#active += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#active -= 1;
    }
  }
}
