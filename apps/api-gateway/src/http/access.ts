import { type CanActivate, type ExecutionContext, Inject, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type Principal } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { type FastifyRequest } from 'fastify';
import { type DirectoryStore } from '../services/ports.ts';
import { RateLimits } from '../services/rate-limit.ts';
import { DIRECTORY, REQUESTS_PER_MINUTE } from './tokens.ts';

const ACCESS = 'boop:access';
type Access = 'public' | readonly Principal['role'][];

/** Open to everybody. A route without `Public` or `Roles` is closed to everybody. */
export const Public = () => SetMetadata(ACCESS, 'public' satisfies Access);
export const Roles = (...roles: Principal['role'][]) => SetMetadata(ACCESS, roles satisfies Access);

export interface AuthenticatedRequest extends FastifyRequest {
  principal?: Principal;
}

/** API keys (RFC 6750 bearer) and roles, default deny; and one generous limit for all requests of a key or address. */
@Injectable()
export class AccessGuard implements CanActivate {
  readonly #reflector: Reflector;
  readonly #directory: DirectoryStore;
  readonly #limits: RateLimits;
  readonly #perMinute: number;

  constructor(@Inject(Reflector) reflector: Reflector, @Inject(DIRECTORY) directory: DirectoryStore, @Inject(RateLimits) limits: RateLimits, @Inject(REQUESTS_PER_MINUTE) perMinute: number) {
    this.#reflector = reflector;
    this.#directory = directory;
    this.#limits = limits;
    this.#perMinute = perMinute;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.#reflector.get<Access | undefined>(ACCESS, context.getHandler());
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    if (access === 'public') {
      await this.#limits.take(`requests/${request.ip}`, this.#perMinute);
      return true;
    }
    const principal = await this.#principalOf(request);
    await this.#limits.take(`requests/${principal.role}/${principal.id}`, this.#perMinute);
    if (!access?.includes(principal.role)) throw new BoopError('request.forbidden', 'this credential may not do that');
    request.principal = principal;
    return true;
  }

  async #principalOf(request: FastifyRequest): Promise<Principal> {
    const [, key] = /^Bearer ([A-Za-z0-9_.~-]{1,200})$/i.exec(request.headers.authorization ?? '') ?? [];
    const principal = key === undefined ? undefined : await this.#directory.principalOf(key);
    if (principal) return principal;
    // Guessing keys from one address runs into the same limit.
    await this.#limits.take(`requests/${request.ip}`, this.#perMinute);
    throw new BoopError('request.unauthenticated', 'the credential is missing, unknown or expired');
  }
}

/** The caller behind a route that {@link AccessGuard} let through. */
export function callerOf(request: AuthenticatedRequest): Principal {
  if (!request.principal) throw new BoopError('request.unauthenticated', 'the credential is missing, unknown or expired');
  return request.principal;
}
