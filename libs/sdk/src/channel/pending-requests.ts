import { type BoopError } from '@boop/shared';
import { serverFault } from '../errors.ts';

export type Message = { readonly type: string };
type ServerError = { readonly re?: string | undefined; readonly code: string; readonly message: string; readonly retryAllowed: boolean };

/** Errors that say of a repeated message only that the first one arrived. */
const takenAlready: ReadonlySet<string> = new Set(['request.conflict', 'context.decided', 'split.replayed']);

interface PendingRequest {
  readonly message: Message & { readonly id: string };
  readonly answer: (received: Message) => unknown;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
  sends: number;
  /** How often the bridge could not reach the gateway for it. */
  unreached: number;
}

/** Messages that wait for their answer, across connections. Not bounded itself: each belongs to a caller that waits. */
export class PendingRequests {
  readonly #requests = new Map<string, PendingRequest>();

  /**
   * @param answer returns the answer when the received message is one, undefined when it isn't, and throws when it is a
   * refusal
   */
  add<T>(message: Message & { id: string }, answer: (received: Message) => T | undefined): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#requests.set(message.id, { message, answer, resolve: resolve as (value: unknown) => void, reject, sends: 0, unreached: 0 });
    });
  }

  /** Everything unanswered, to be sent (again) on a connection that has just been welcomed. */
  *unanswered(): Iterable<Message> {
    for (const request of this.#requests.values()) yield this.#sent(request);
  }

  /** Notes that a message goes out. @returns it, unless nobody waits for its answer any more */
  markSent(id: string): Message | undefined {
    const request = this.#requests.get(id);
    return request && this.#sent(request);
  }

  /** The bridge could not reach the gateway. @returns how often it couldn't before, when the message is to be sent again */
  unreached(id: string | undefined, countMax: number): number | undefined {
    const request = id === undefined ? undefined : this.#requests.get(id);
    return request && request.unreached < countMax ? request.unreached++ : undefined;
  }

  #sent(request: PendingRequest): Message {
    request.sends += 1;
    return request.message;
  }

  /** Gives a received message to all that wait for it. */
  take(received: Message): void {
    for (const request of [...this.#requests.values()]) {
      try {
        const answer = request.answer(received);
        if (answer !== undefined) this.#settle(request, () => request.resolve(answer));
      } catch (error) {
        this.#settle(request, () => request.reject(error));
      }
    }
  }

  /** An `error` message that names a request. */
  fail(error: ServerError): void {
    const request = error.re === undefined ? undefined : this.#requests.get(error.re);
    if (!request || (request.sends > 1 && takenAlready.has(error.code))) return;
    this.#settle(request, () => request.reject(serverFault(error)));
  }

  drop(id: string): void {
    this.#requests.delete(id);
  }

  failAll(error: BoopError): void {
    for (const request of [...this.#requests.values()]) this.#settle(request, () => request.reject(error));
  }

  #settle(request: PendingRequest, settle: () => void): void {
    this.#requests.delete(request.message.id);
    settle();
  }
}
