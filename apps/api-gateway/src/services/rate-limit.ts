import { BoopError } from '@boop/shared';
import { type Counter, memoryCounter } from '../limits/counter.ts';
import { type LimitPolicy, type LimitState } from '../limits/limit-policy.ts';

/** `request.rate-limited`, with what `Retry-After` and the `RateLimit` headers say. */
export class RateLimited extends BoopError {
  readonly state: LimitState;
  constructor(state: LimitState) {
    super('request.rate-limited', 'too many requests', { retryAllowed: true });
    this.state = state;
  }
  get retryAfterSeconds(): number {
    return this.state.resetSeconds;
  }
}

/** Points that this process took from the shared counter ahead of use. */
interface Lease {
  left: number;
  /** What the shared counter had left when it was asked. */
  shared: number;
  endsAtMs: number;
  asking?: Promise<void> | undefined;
}

/** A fiftieth of a quota is taken at once, so that the shared counter is asked once in so many requests. Small quotas are counted one by one. */
const leasesPerQuota = 50;
const leasesMax = 20_000;

/**
 * Quotas per key. Replicas on one shared counter keep a quota together; a leased point that goes unused is lost to the others until the
 * window ends, at most a fiftieth of the quota per replica.
 */
export class RateLimits {
  readonly #counter: Counter;
  readonly #nowMs: () => number;
  readonly #leases = new Map<string, Lease>();

  constructor(counter: Counter = memoryCounter(), nowMs: () => number = () => performance.now()) {
    this.#counter = counter;
    this.#nowMs = nowMs;
  }

  /** @throws RateLimited */
  async take(key: string, perMinute: number): Promise<void> {
    await this.count({ name: key.split('/')[0]!, quota: perMinute, windowSeconds: 60 }, key);
  }

  /** Counts one request. @throws RateLimited */
  async count(policy: LimitPolicy, key: string): Promise<LimitState> {
    const name = `${policy.name}/${policy.quota}/${key}`;
    for (;;) {
      const lease = this.#leases.get(name);
      if (lease && this.#nowMs() < lease.endsAtMs && !lease.asking) {
        if (lease.left > 0) {
          lease.left--;
          return this.#stateOf(policy, lease);
        }
        if (lease.shared <= 0) throw new RateLimited(this.#stateOf(policy, lease));
      }
      await this.#renew(name, policy, lease);
    }
  }

  #renew(name: string, policy: LimitPolicy, before: Lease | undefined): Promise<void> {
    if (before?.asking) return before.asking;
    const lease: Lease = before ?? { left: 0, shared: 0, endsAtMs: 0 };
    this.#remember(name, lease);
    lease.asking = this.#ask(name, policy, lease).finally(() => (lease.asking = undefined));
    return lease.asking;
  }

  async #ask(name: string, { quota, windowSeconds }: LimitPolicy, lease: Lease): Promise<void> {
    const points = Math.max(1, Math.floor(quota / leasesPerQuota));
    const { taken, resetMs } = await this.#counter.add(name, points, windowSeconds);
    lease.endsAtMs = this.#nowMs() + Math.max(1, resetMs);
    lease.left = Math.max(0, Math.min(points, quota - (taken - points)));
    lease.shared = Math.max(0, quota - taken);
  }

  #stateOf(policy: LimitPolicy, { left, shared, endsAtMs }: Lease): LimitState {
    return { policy, remaining: left + shared, resetSeconds: Math.max(1, Math.ceil((endsAtMs - this.#nowMs()) / 1000)) };
  }

  /** Many addresses at once must not fill the memory: the oldest leases go first. */
  #remember(name: string, lease: Lease): void {
    this.#leases.delete(name);
    this.#leases.set(name, lease);
    if (this.#leases.size > leasesMax) this.#leases.delete(this.#leases.keys().next().value!);
  }
}
