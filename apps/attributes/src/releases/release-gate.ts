import { BoopError } from '@boop/shared';

/** Names a consent of a person. */
export const gateKey = (personId: string, consentId: string): string => `${personId}/${consentId}`;

/**
 * Answers under a consent end before its revocation is acknowledged: closing a consent lets no new answer begin, and waits for those that
 * are under way. The nodes refuse by themselves; this stops what they granted a moment before.
 */
export class ReleaseGate {
  readonly #closed = new Set<string>();
  readonly #underWay = new Map<string, Set<Promise<unknown>>>();

  /** @param closed consents that were revoked earlier */
  constructor(closed: Iterable<string> = []) {
    for (const key of closed) this.#closed.add(key);
  }

  /** @throws BoopError `release.revoked`; what `answer` throws */
  async pass<T>(key: string, answer: () => Promise<T>): Promise<T> {
    if (this.#closed.has(key)) throw new BoopError('release.revoked', 'the consent was revoked');
    const running = answer();
    const all = this.#underWay.get(key) ?? new Set();
    this.#underWay.set(key, all.add(running));
    try {
      return await running;
    } finally {
      all.delete(running);
      if (all.size === 0) this.#underWay.delete(key);
    }
  }

  isClosed(key: string): boolean {
    return this.#closed.has(key);
  }

  /** Resolves when no answer under this consent is under way any more. */
  async close(key: string): Promise<void> {
    this.#closed.add(key);
    await Promise.allSettled([...(this.#underWay.get(key) ?? [])]);
  }
}
