import { isIPv6 } from 'node:net';
import { BoopError } from '@boop/shared';
import { type CanActivate, type ExecutionContext, Inject } from '@nestjs/common';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { type HttpRequest } from './exchange.ts';

/** Requests a minute from one client. */
export interface HttpLimits {
  readonly mutationsPerMinute: number;
  readonly lookupsPerMinute: number;
}
export const HTTP_LIMITS = Symbol('limits of the public interface');

/** `request.rate-limited`, with the seconds for `Retry-After`. */
export class RateLimited extends BoopError {
  readonly retryAfterSeconds: number;
  constructor(retryAfterSeconds: number) {
    super('request.rate-limited', 'too many requests', { retryAllowed: true });
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/**
 * So many requests a minute from one client address, counted in this process's memory: with R replicas R times as many. An IPv6 client is its
 * network of 64 bits, as a host has all addresses in it.
 */
abstract class AddressLimit implements CanActivate {
  readonly #limiter: RateLimiterMemory;

  constructor(perMinute: number) {
    this.#limiter = new RateLimiterMemory({ points: perMinute, duration: 60 });
  }

  /** @throws RateLimited */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    try {
      await this.#limiter.consume(clientOf(context.switchToHttp().getRequest<HttpRequest>().ip));
      return true;
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) throw new RateLimited(Math.max(1, Math.ceil(refusal.msBeforeNext / 1_000)));
      throw refusal;
    }
  }
}

/** For what is written and verified. */
export class MutationLimit extends AddressLimit {
  constructor(@Inject(HTTP_LIMITS) { mutationsPerMinute }: HttpLimits) {
    super(mutationsPerMinute);
  }
}
/** For what takes a proof of an index to answer. */
export class LookupLimit extends AddressLimit {
  constructor(@Inject(HTTP_LIMITS) { lookupsPerMinute }: HttpLimits) {
    super(lookupsPerMinute);
  }
}

/** Who an address is counted as; exported for tests. */
export function clientOf(address: string): string {
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address);
  if (mapped) return mapped[1]!;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.toLowerCase().split('%', 1)[0]!.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [front, back] = [groups(head), groups(tail ?? '')];
  const all = tail === undefined ? front : [...front, ...Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0'), ...back];
  return all.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16)).join(':');
}
