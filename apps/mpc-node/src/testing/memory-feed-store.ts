import { emptyFeedDigest } from '@boop/identity';
import { type Fact, type FactChange, factName, factOwner, type FeedHead, type FeedStore } from '../consents/facts.ts';

/** {@link FeedStore} that survives a node's restart within a test. */
export class MemoryFeedStore implements FeedStore {
  readonly #facts = new Map<string, Fact>();
  readonly #answered = new Set<string>();
  #head: FeedHead = { seq: 0, digest: emptyFeedDigest };

  async load(): Promise<{ head: FeedHead; facts: Fact[] }> {
    return { head: this.#head, facts: [...this.#facts.values()] };
  }

  async apply(head: FeedHead, { forget, put }: FactChange): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (forget) for (const [name, fact] of this.#facts) if ([forget.personId, forget.accountKey].includes(factOwner(fact))) this.#facts.delete(name);
    for (const fact of put) this.#facts.set(factName(fact), fact);
    this.#head = head;
  }

  async answer(basis: string): Promise<boolean> {
    if (this.#answered.has(basis)) return false;
    this.#answered.add(basis);
    await new Promise((resolve) => setImmediate(resolve));
    return true;
  }

  async forgetAnswered(): Promise<void> {
    this.#answered.clear();
  }
}
