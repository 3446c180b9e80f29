import { BoopError } from '@boop/shared';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** `request.rate-limited`, with the seconds for `Retry-After`. */
export class RateLimited extends BoopError {
  readonly retryAfterSeconds: number;
  constructor(retryAfterSeconds: number) {
    super('request.rate-limited', 'too many requests', { retryAllowed: true });
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Counts per key in windows of one minute, in this process's memory: with R replicas a key gets R times its limit. */
export class RateLimits {
  readonly #limiters = new Map<number, RateLimiterMemory>();

  /** @throws RateLimited */
  async take(key: string, perMinute: number): Promise<void> {
    const limiter = this.#limiters.get(perMinute) ?? new RateLimiterMemory({ points: perMinute, duration: 60, keyPrefix: String(perMinute) });
    this.#limiters.set(perMinute, limiter);
    try {
      await limiter.consume(key);
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) throw new RateLimited(Math.max(1, Math.ceil(refusal.msBeforeNext / 1000)));
      throw refusal;
    }
  }
}
