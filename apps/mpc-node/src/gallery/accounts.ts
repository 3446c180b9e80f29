import { type RegistrationRecord } from '../link/peer-methods.ts';

/**
 * Which account a subject's attributes belong to. An account counts for the first registration that its key signed: a palm that the same
 * device registered later matches as any other, but releases nothing, or one person's attributes would be shown for another's palm.
 */
export class Accounts {
  readonly #accountOf = new Map<string, string>();
  readonly #known = new Set<string>();

  /** In the order of the gallery's slots. */
  add({ subjectId, accountKey }: RegistrationRecord): void {
    if (accountKey === undefined || this.#known.has(accountKey)) return;
    this.#known.add(accountKey);
    this.#accountOf.set(subjectId, accountKey);
  }

  /** The account may be given another palm. */
  remove(subjectId: string): void {
    const accountKey = this.#accountOf.get(subjectId);
    this.#accountOf.delete(subjectId);
    if (accountKey !== undefined) this.#known.delete(accountKey);
  }

  has(accountKey: string): boolean {
    return this.#known.has(accountKey);
  }

  /** @param subjectId base64url */
  of(subjectId: string): string | undefined {
    return this.#accountOf.get(subjectId);
  }
}
