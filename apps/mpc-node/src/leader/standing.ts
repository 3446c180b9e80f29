import { type Clock, type PartyId } from '@boop/shared';

const silentMs = 30_000;
const liedMs = 10 * 60_000;

/**
 * Nodes that this one leaves out of the sessions that it leads, as long as enough others are up to check what opens: one that was silent for
 * a while, one that lied for longer. Registrations need all nodes and leave none out.
 */
export class Standing {
  readonly #clock: Clock;
  readonly #enough: number;
  readonly #avoidedUntilMs = new Map<PartyId, number>();

  /** @param enough 3t+1 */
  constructor(clock: Clock, enough: number) {
    this.#clock = clock;
    this.#enough = enough;
  }

  wasSilent(party: PartyId): void {
    this.#avoid(party, silentMs);
  }

  lied(party: PartyId): void {
    this.#avoid(party, liedMs);
  }

  /** Those of the live nodes that sessions should use: all of them when too few would be left. */
  choose(live: readonly PartyId[]): PartyId[] {
    const nowMs = this.#clock.nowMs();
    const good = live.filter((party) => (this.#avoidedUntilMs.get(party) ?? 0) <= nowMs);
    return good.length >= this.#enough ? good : [...live];
  }

  #avoid(party: PartyId, durationMs: number): void {
    const untilMs = this.#clock.nowMs() + durationMs;
    this.#avoidedUntilMs.set(party, Math.max(untilMs, this.#avoidedUntilMs.get(party) ?? 0));
  }
}
