import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type Principal } from '@boop/protocol';
import { BoopError, canonicalJson, type Clock } from '@boop/shared';
import { InvalidRequest } from '../domain/invalid-request.ts';
import { type IdempotencyStore } from '../services/ports.ts';
import { CLOCK, IDEMPOTENCY } from './tokens.ts';

export interface Reply {
  readonly statusCode: number;
  readonly body: unknown;
}

const keyForm = /^[\x21-\x7e]{1,128}$/;

/** `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): the first success under a key is what every repetition gets. */
@Injectable()
export class Idempotency {
  readonly #store: IdempotencyStore;
  readonly #clock: Clock;
  constructor(@Inject(IDEMPOTENCY) store: IdempotencyStore, @Inject(CLOCK) clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * A failure frees the key, so that the same request may be tried again.
   * @param request.required where a repetition would cost: money, a registration
   * @throws BoopError `idempotency.missing`, `idempotency.in-flight`, `idempotency.other-body`, `request.malformed`, or what `work` throws
   */
  async once(caller: Principal, key: string | string[] | undefined, request: { path: string; body: unknown; required?: boolean }, work: () => Promise<Reply>): Promise<Reply> {
    if (key === undefined) {
      if (request.required) throw new BoopError('idempotency.missing', 'this request needs an Idempotency-Key');
      return work();
    }
    if (typeof key !== 'string' || !keyForm.test(key)) throw new InvalidRequest([{ pointer: '', detail: 'Idempotency-Key must be 1 to 128 visible ASCII characters' }]);
    const principal = `${caller.role}/${caller.id}`;
    const bodyHash = createHash('sha256').update(canonicalJson({ path: request.path, body: request.body ?? null })).digest('base64url');
    const claim = await this.#store.claim(principal, key, bodyHash, this.#clock.nowMs());
    if (claim.kind === 'done') return { statusCode: claim.statusCode, body: claim.response };
    if (claim.kind === 'in-flight') throw new BoopError('idempotency.in-flight', 'a request with this key is being processed', { retryAllowed: true });
    if (claim.kind === 'other-body') throw new BoopError('idempotency.other-body', 'this key was used with another request');
    try {
      const reply = await work();
      await this.#store.complete(principal, key, reply.statusCode, reply.body);
      return reply;
    } catch (error) {
      await this.#store.abandon(principal, key);
      throw error;
    }
  }
}
