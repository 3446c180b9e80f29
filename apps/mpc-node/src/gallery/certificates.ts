import { type RegistrationCertificate, type RegistrationRecord } from '../link/peer-methods.ts';

/**
 * Certificates of all that is committed, by split, session and account. Each is kept as one string: as objects those of 10,000 people took a collection of the
 * whole heap 7 ms, and they are asked for once in a while.
 */
export class Certificates {
  readonly #texts = new Map<string, string>();
  readonly #splitOfSession = new Map<string, string>();
  readonly #splitsOfAccount = new Map<string, string[]>();

  add(certificate: RegistrationCertificate): void {
    const { splitHash, sessionId, accountKey } = certificate.record;
    this.#texts.set(splitHash, JSON.stringify(certificate));
    if (!this.#splitOfSession.has(sessionId)) this.#splitOfSession.set(sessionId, splitHash);
    if (accountKey === undefined) return;
    const splits = this.#splitsOfAccount.get(accountKey);
    if (splits) splits.push(splitHash);
    else this.#splitsOfAccount.set(accountKey, [splitHash]);
  }

  has(splitHash: string): boolean {
    return this.#texts.has(splitHash);
  }

  get(splitHash: string): RegistrationCertificate | undefined {
    const text = this.#texts.get(splitHash);
    return text === undefined ? undefined : (JSON.parse(text) as RegistrationCertificate);
  }

  ofSession(sessionId: string): RegistrationRecord | undefined {
    const splitHash = this.#splitOfSession.get(sessionId);
    return splitHash === undefined ? undefined : this.get(splitHash)!.record;
  }

  /** In the order of their slots. */
  ofAccount(accountKey: string): RegistrationRecord[] {
    return (this.#splitsOfAccount.get(accountKey) ?? []).map((splitHash) => this.get(splitHash)!.record);
  }
}
