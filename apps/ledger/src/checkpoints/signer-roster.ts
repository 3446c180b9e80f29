import { type Clock, type PartyId } from '@boop/shared';

/**
 * Remembers who spoiled an attempt. Such a node is left out for a while, and comes back earlier only if there are too few without it:
 * then the one whose fault lies longest back first.
 */
export class SignerRoster {
  readonly #clock: Clock;
  readonly #leftOutMs: number;
  readonly #faultAtMs = new Map<PartyId, number>();

  constructor(clock: Clock, leftOutMs: number) {
    this.#clock = clock;
    this.#leftOutMs = leftOutMs;
  }

  fault(party: PartyId): void {
    this.#faultAtMs.set(party, this.#clock.nowMs());
  }

  /** @param needed how many must take part @returns whom to ask, all in good standing, or as few of the others as it takes */
  choose(live: readonly PartyId[], needed: number): PartyId[] {
    const since = this.#clock.nowMs() - this.#leftOutMs;
    const isLeftOut = (party: PartyId): boolean => (this.#faultAtMs.get(party) ?? -Infinity) > since;
    const good = live.filter((party) => !isLeftOut(party));
    const others = live.filter(isLeftOut).sort((a, b) => this.#faultAtMs.get(a)! - this.#faultAtMs.get(b)!);
    return [...good, ...others.slice(0, Math.max(0, needed - good.length))];
  }
}
