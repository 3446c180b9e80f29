import { type AuthenticationContext } from '@boop/identity';
import { type Clock } from '@boop/shared';

type Listener = (context: AuthenticationContext) => void;

/** A terminal serves one person at a time; more contexts than this at once are a fault somewhere else. */
const openMax = 64;

/** Contexts that wait for this terminal. Each listener hears of each context once, also when the server repeats it. */
export class OpenRequests {
  readonly #open = new Map<string, AuthenticationContext>();
  readonly #listeners = new Set<Listener>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(context: AuthenticationContext): void {
    this.#dropExpired();
    if (this.#open.has(context.contextId) || this.#open.size >= openMax || this.#isExpired(context)) return;
    this.#open.set(context.contextId, context);
    for (const listener of [...this.#listeners]) listener(context);
  }

  remove(contextId: string): void {
    this.#open.delete(contextId);
  }

  subscribe(listener: Listener): () => void {
    this.#dropExpired();
    this.#listeners.add(listener);
    for (const context of [...this.#open.values()]) listener(context);
    return () => void this.#listeners.delete(listener);
  }

  #dropExpired(): void {
    for (const context of [...this.#open.values()]) if (this.#isExpired(context)) this.#open.delete(context.contextId);
  }

  #isExpired = ({ expiresAt }: AuthenticationContext): boolean => expiresAt * 1000 <= this.#clock.nowMs();
}
