import { type RegistrationRecord } from '../link/peer-methods.ts';

/**
 * Which account a subject's attributes belong to. An account counts for the first registration that its key signed: a palm that the same
 * device registered later matches as any other, but releases nothing, or one person's attributes would be shown for another's palm.
 */
export class Accounts {
  readonly #accountOf = new Map<string, string>();
  readonly #known = new Set<string>();
  /** Of an account that has no palm any more: which subject it counted for last, and until when, Unix seconds. */
  readonly #ended = new Map<string, { readonly subjectId: string; readonly at: number }>();

  /** In the order of the gallery's slots. What was registered while the account counted for another subject releases nothing either once that one has ended, whenever this node learns of both. */
  add({ subjectId, accountKey, time }: Pick<RegistrationRecord, 'subjectId' | 'accountKey' | 'time'>): void {
    if (accountKey === undefined || this.#known.has(accountKey)) return;
    const ended = this.#ended.get(accountKey);
    if (ended && ended.subjectId !== subjectId && time <= ended.at) return;
    this.#known.add(accountKey);
    this.#accountOf.set(subjectId, accountKey);
  }

  /**
   * The account may be given another palm.
   * @param at what was registered until then is no such palm, Unix seconds; −∞ where the subject lives on in another registration
   */
  remove(subjectId: string, at: number): void {
    const accountKey = this.#accountOf.get(subjectId);
    this.#accountOf.delete(subjectId);
    if (accountKey === undefined) return;
    this.#known.delete(accountKey);
    this.#ended.set(accountKey, { subjectId, at });
  }

  has(accountKey: string): boolean {
    return this.#known.has(accountKey);
  }

  /** @param subjectId base64url */
  of(subjectId: string): string | undefined {
    return this.#accountOf.get(subjectId);
  }
}
