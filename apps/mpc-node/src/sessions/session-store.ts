import { BoopError, type Clock } from '@boop/shared';
import { type Session } from './session.ts';

const sessionsMax = 256;
const lifeMs = 60_000;
/** How long open sessions may go on once a step is to run alone; they take a fraction of a second. */
const aloneAfterMs = 3_000;

/** Sessions in memory, bounded in number and age; a session that leaves is wiped. */
export class SessionStore {
  readonly #clock: Clock;
  readonly #sessions = new Map<string, Session>();
  #closed = false;
  readonly #limits: { readonly sessionsMax: number; readonly lifeMs: number };

  constructor(clock: Clock, limits: { sessionsMax: number; lifeMs: number } = { sessionsMax, lifeMs }) {
    this.#clock = clock;
    this.#limits = limits;
  }

  get count(): number {
    return this.#sessions.size;
  }

  /** @throws BoopError `service.overloaded` when full of live sessions, `split.replayed` for a split that is open here */
  add(session: Session): void {
    this.expire();
    if (this.#closed) throw new BoopError('gallery.behind', 'rows are being erased here', { kind: 'unavailable', retryAllowed: true });
    if (this.#sessions.has(session.splitHash)) throw new BoopError('split.replayed', 'this split is being decided');
    if (this.#sessions.size >= this.#limits.sessionsMax) throw new BoopError('service.overloaded', 'too many sessions', { kind: 'unavailable' });
    this.#sessions.set(session.splitHash, session);
  }

  /** @throws BoopError `session.unknown` */
  get(splitHash: string): Session {
    const session = this.#sessions.get(splitHash);
    if (!session || this.#isOld(session)) throw new BoopError('session.unknown', 'there is no such session here', { kind: 'peer' });
    return session;
  }

  end(splitHash: string): void {
    this.#sessions.get(splitHash)?.end();
    this.#sessions.delete(splitHash);
  }

  expire(): void {
    for (const session of this.#sessions.values()) if (this.#isOld(session)) this.end(session.splitHash);
  }

  /** Runs a step while no session is open: opens none meanwhile, ends one that is spent, waits for the others, and ends what takes too long. */
  async alone(step: () => void, spent?: string): Promise<void> {
    this.#closed = true;
    try {
      if (spent !== undefined) this.end(spent);
      for (const deadline = performance.now() + aloneAfterMs; this.#sessions.size > 0 && performance.now() < deadline; ) await new Promise((resolve) => setTimeout(resolve, 10));
      this.endAll();
      step();
    } finally {
      this.#closed = false;
    }
  }

  endAll(): void {
    for (const splitHash of [...this.#sessions.keys()]) this.end(splitHash);
  }

  #isOld(session: Session): boolean {
    return this.#clock.nowMs() - session.openedAtMs > this.#limits.lifeMs;
  }
}
