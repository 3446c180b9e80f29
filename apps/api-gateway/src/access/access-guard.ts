import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type Principal } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { limitHeaders, type LimitPolicy, type LimitState, type NamedLimit, namedLimits } from '../limits/limit-policy.ts';
import { AUTHENTICATORS, REQUESTS_PER_MINUTE } from '../http/tokens.ts';
import { RateLimits } from '../services/rate-limit.ts';
import { type Authenticator } from './authenticator.ts';
import { ACCESS, type Access, LIMITS } from './declare.ts';

export interface AuthenticatedRequest extends FastifyRequest {
  principal?: Principal;
}

/** Credentials and roles, default deny; and one generous limit for all requests of a credential or address. */
@Injectable()
export class AccessGuard implements CanActivate {
  readonly #reflector: Reflector;
  readonly #authenticators: readonly Authenticator[];
  readonly #limits: RateLimits;
  readonly #perMinute: number;

  constructor(@Inject(Reflector) reflector: Reflector, @Inject(AUTHENTICATORS) authenticators: readonly Authenticator[], @Inject(RateLimits) limits: RateLimits, @Inject(REQUESTS_PER_MINUTE) perMinute: number) {
    this.#reflector = reflector;
    this.#authenticators = authenticators;
    this.#limits = limits;
    this.#perMinute = perMinute;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.#reflector.get<Access | undefined>(ACCESS, context.getHandler());
    const named = this.#reflector.get<readonly NamedLimit[] | undefined>(LIMITS, context.getHandler()) ?? [];
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    if (access === 'public') {
      await this.#count(request.ip, [requestsPolicy(this.#perMinute), ...policiesOf(named)], reply);
      return true;
    }
    const principal = await this.#principalOf(request);
    // Set first, so that the trail names who was refused.
    request.principal = principal;
    const who = `${principal.role}/${principal.id}`;
    const state = await this.#count(who, [requestsPolicy(this.#perMinute)], reply);
    if (!access?.includes(principal.role)) throw new BoopError('request.forbidden', 'this credential may not do that');
    await this.#count(who, policiesOf(named), reply, state);
    return true;
  }

  /** The headers tell of the quota that is closest to its end. */
  async #count(who: string, policies: readonly LimitPolicy[], reply?: FastifyReply, before?: LimitState): Promise<LimitState | undefined> {
    let tightest = before;
    for (const policy of policies) {
      const state = await this.#limits.count(policy, who);
      if (!tightest || state.remaining < tightest.remaining) tightest = state;
    }
    if (tightest) void reply?.headers(limitHeaders(tightest));
    return tightest;
  }

  async #principalOf(request: FastifyRequest & { rawBody?: Uint8Array }): Promise<Principal> {
    const { method, url, headers, ip, rawBody } = request;
    for (const authenticator of this.#authenticators) {
      const principal = await authenticator.authenticate({ method, url, headers, ip, rawBody });
      if (principal) return principal;
    }
    // Guessing keys from one address runs into the same limit.
    await this.#count(ip, [requestsPolicy(this.#perMinute)]);
    throw new BoopError('request.unauthenticated', 'the credential is missing, unknown or expired');
  }
}

const requestsPolicy = (quota: number): LimitPolicy => ({ name: 'requests', quota, windowSeconds: 60 });
const policiesOf = (named: readonly NamedLimit[]): LimitPolicy[] => named.flatMap((name) => namedLimits[name]);

/** The caller behind a route that {@link AccessGuard} let through. */
export function callerOf(request: AuthenticatedRequest): Principal {
  if (!request.principal) throw new BoopError('request.unauthenticated', 'the credential is missing, unknown or expired');
  return request.principal;
}
