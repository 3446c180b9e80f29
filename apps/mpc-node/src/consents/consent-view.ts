import { type ConsentGrant } from '@boop/identity';
import { BoopError, type Clock } from '@boop/shared';
import { type Fact, type FeedHead } from './facts.ts';

/** A view of consents counts for so long after it was known to be whole. */
export const viewAgeMsMax = 2_000;

export interface KnownConsent {
  readonly grant: ConsentGrant | undefined;
  readonly revoked: boolean;
}

/** This node's own view of all consents, and how fresh it is. */
export class ConsentView {
  readonly #clock: Clock;
  readonly #byAccount = new Map<string, Map<string, KnownConsent>>();
  /** When the feed went no further than what is here. */
  #wholeAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws BoopError `release.stale-view` (unavailable) when what this node knows may be older than two seconds */
  requireFresh(): void {
    const age = this.#clock.nowMs() - this.#wholeAtMs;
    if (!(age <= viewAgeMsMax && age >= -viewAgeMsMax)) throw new BoopError('release.stale-view', 'this node has not heard of consents for two seconds', { kind: 'unavailable' });
  }

  /** The feed said at `timeMs` of its own clock how far it went. */
  heard(own: FeedHead, feed: FeedHead, timeMs: number): void {
    if (own.seq === feed.seq && own.digest === feed.digest && timeMs <= this.#clock.nowMs() + viewAgeMsMax) this.#wholeAtMs = Math.max(this.#wholeAtMs, timeMs);
  }

  get(accountKey: string, consentId: string): KnownConsent | undefined {
    return this.#byAccount.get(accountKey)?.get(consentId);
  }

  /** Grants of an account that were not revoked. */
  standing(accountKey: string): ConsentGrant[] {
    return [...(this.#byAccount.get(accountKey)?.values() ?? [])].flatMap(({ grant, revoked }) => (grant && !revoked ? [grant] : []));
  }

  set({ accountKey, consentId, grant, revoked }: Fact & { kind: 'consent' }): void {
    const consents = this.#byAccount.get(accountKey) ?? new Map<string, KnownConsent>();
    this.#byAccount.set(accountKey, consents.set(consentId, { grant, revoked }));
  }

  forget(accountKey: string): void {
    this.#byAccount.delete(accountKey);
  }
}
