import { BoopError } from '@boop/shared';
import { type ResponseMessage } from './messages.ts';

interface Pending {
  readonly timer: NodeJS.Timeout;
  resolve(body: unknown): void;
  reject(error: BoopError): void;
}

/** Our requests that wait for the peer's answer, each with its deadline. Ids count up and wrap at 2^32. */
export class PendingRequests {
  readonly #countMax: number;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  /** @throws BoopError `link.busy` */
  add(timeoutMs: number): { id: number; answer: Promise<unknown> } {
    if (this.#pending.size >= this.#countMax) throw new BoopError('link.busy', 'too many requests in flight', { kind: 'unavailable' });
    while (this.#pending.has(this.#nextId)) this.#nextId = (this.#nextId + 1) >>> 0;
    const id = this.#nextId;
    this.#nextId = (id + 1) >>> 0;
    const answer = new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new BoopError('link.timeout', 'the peer did not answer in time', { kind: 'unavailable' }));
      }, timeoutMs);
      this.#pending.set(id, { timer, resolve, reject });
    });
    return { id, answer };
  }

  forget(id: number): void {
    clearTimeout(this.#pending.get(id)?.timer);
    this.#pending.delete(id);
  }

  /** An answer that nobody waits for any more came after its deadline and is dropped. */
  settle(response: ResponseMessage): void {
    const pending = this.#pending.get(response.id);
    if (!pending) return;
    this.forget(response.id);
    if (response.ok) return pending.resolve(response.body);
    const { code, message, kind, retryAllowed } = response.error;
    pending.reject(new BoopError(code, message, { kind, retryAllowed }));
  }

  rejectAll(reason: BoopError): void {
    for (const [id, pending] of [...this.#pending]) {
      this.forget(id);
      pending.reject(asUnavailable(reason));
    }
  }
}

/** Whatever closed the link, to a caller its peer is unavailable. */
function asUnavailable(reason: BoopError): BoopError {
  return reason.code === 'link.unavailable' ? reason : new BoopError('link.unavailable', 'the link was closed', { kind: 'unavailable', cause: reason });
}
