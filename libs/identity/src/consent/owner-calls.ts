import { ownerCallSkewSeconds, type SignedOwnerCall, verifyOwnerCall } from './owner-call.ts';
import { BoopError, type Clock } from '@boop/shared';

const remembered = 200_000;

/** Lets each signed call of an owner through once. The memory lasts as long as a signature is accepted, and is of this process: it guards reads only. */
export class OwnerCalls {
  readonly #networkId: string;
  readonly #clock: Clock;
  /** Nonce → second from which it may be forgotten, in order of arrival. */
  readonly #seen = new Map<string, number>();

  constructor({ networkId, clock }: { networkId: string; clock: Clock }) {
    this.#networkId = networkId;
    this.#clock = clock;
  }

  /** @returns the account whose call it is @throws BoopError `owner.*`, `passkey.invalid`, `service.overloaded` */
  accept(call: SignedOwnerCall, method: 'GET' | 'POST', path: string): string {
    const now = this.#clock.nowMs() / 1000;
    verifyOwnerCall(call, { networkId: this.#networkId, method, path, now });
    this.#forget(now);
    const { accountKey, nonce } = call.record;
    const name = `${accountKey}/${nonce}`;
    if (this.#seen.has(name)) throw new BoopError('owner.replayed-call', 'this signed request was answered already');
    if (this.#seen.size >= remembered) throw new BoopError('service.overloaded', 'too many signed requests', { kind: 'unavailable' });
    this.#seen.set(name, now + 2 * ownerCallSkewSeconds + 1);
    return accountKey;
  }

  #forget(now: number): void {
    for (const [name, until] of this.#seen) {
      if (until > now) return;
      this.#seen.delete(name);
    }
  }
}
