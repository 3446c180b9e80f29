import { seededUint32 } from '@boop/testing';

/** Choices that a seed repeats. */
export class Dice {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = seededUint32(seed);
  }

  /** 0 … n − 1 */
  below(n: number): number {
    return this.#next() % n;
  }

  between(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }

  one<T>(of: readonly T[]): T | undefined {
    return of[this.below(Math.max(1, of.length))];
  }

  /** By weight. */
  weighted<T>(options: readonly (readonly [number, T])[]): T {
    let left = this.below(options.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, option] of options) if ((left -= weight) < 0) return option;
    throw new Error('no options');
  }
}
