/** Counts connections per identity. */
export class IdentityCaps {
  readonly #max: number;
  readonly #counts = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  /** @returns what gives the place back, or undefined when all are taken */
  take(identity: string): (() => void) | undefined {
    const count = this.#counts.get(identity) ?? 0;
    if (count >= this.#max) return undefined;
    this.#counts.set(identity, count + 1);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      const left = this.#counts.get(identity)! - 1;
      if (left === 0) this.#counts.delete(identity);
      else this.#counts.set(identity, left);
    };
  }
}
