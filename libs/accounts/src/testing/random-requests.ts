import { type NewAccount, type TransferRequest } from '../model.ts';

/** A uniform integer in 0 … below − 1. */
export type Pick = (below: number) => number;

export const randomAccounts = (count: number): NewAccount[] =>
  Array.from({ length: count }, (_, at) => ({
    id: at < 4 ? `network.bank:${at}` : `${at % 3 === 0 ? 'vendor' : 'person'}.${at}:main`,
    asset: at % 7 === 6 ? 'USD' : 'EUR',
    debitLimit: at < 4 ? null : at % 5 === 0 ? 500n : 0n,
    creditLimit: at % 11 === 10 ? 2_000n : null,
  }));

/**
 * Requests as a hostile, forgetful crowd makes them: known ids again with and without changes, chains open and closed, reservations of
 * others, amounts at the bounds, accounts that nobody has.
 */
export class RandomRequests {
  readonly #pick: Pick;
  readonly #accounts: readonly NewAccount[];
  readonly #sent: TransferRequest[] = [];
  readonly #label: string;
  #count = 0;

  constructor(pick: Pick, accounts: readonly NewAccount[], label = 'x') {
    this.#pick = pick;
    this.#accounts = accounts;
    this.#label = label;
  }

  next(sizeMax = 6): TransferRequest[] {
    return Array.from({ length: 1 + this.#pick(sizeMax) }, () => {
      const one = this.#pick(12) === 0 && this.#sent.length > 0 ? this.#again() : this.#fresh();
      this.#sent.push(one);
      return this.#pick(6) === 0 ? { ...one, linked: true } : one;
    });
  }

  #again(): TransferRequest {
    const { linked: _, ...old } = this.#sent[this.#pick(this.#sent.length)]!;
    const changes: Partial<Record<string, unknown>>[] = [{}, {}, {}, { amount: 7n }, { reference: 'other' }, ...('debitAccount' in old ? [{ debitAccount: this.#account().id }, { code: 'other' }, { asset: 'USD' }, { timeoutSeconds: 9 }] : [{ pendingId: this.#id() }])];
    return { ...old, ...changes[this.#pick(changes.length)] } as TransferRequest;
  }

  #fresh(): TransferRequest {
    const id = `network.${this.#label}:${this.#count++}`;
    const kinds = ['single', 'single', 'single', 'pending', 'pending', 'post', 'void'] as const;
    const kind = kinds[this.#pick(kinds.length)]!;
    if (kind === 'post' || kind === 'void') return { id, kind, pendingId: this.#pick(40) === 0 ? id : this.#id(), ...(this.#pick(3) === 0 ? { amount: this.#amount() } : {}) };
    const fromBank = this.#pick(3) === 0;
    const debit = fromBank ? this.#accounts[this.#pick(4)]! : this.#account();
    return {
      id, kind, debitAccount: this.#pick(60) === 0 ? 'person.nobody:main' : debit.id, creditAccount: this.#account().id, amount: this.#amount(), asset: this.#pick(30) === 0 ? 'USD' : debit.asset,
      code: ['payment', 'refund', 'topup'][this.#pick(3)]!, ...(kind === 'pending' && this.#pick(2) === 0 ? { timeoutSeconds: 1 + this.#pick(3) } : {}), ...(this.#pick(4) === 0 ? { reference: `r${this.#pick(9)}` } : {}),
    };
  }

  /** Mostly of a recent reservation. */
  #id(): string {
    const recent = this.#sent.slice(-30).filter(({ kind }) => kind === 'pending');
    if (recent.length > 0 && this.#pick(8) > 0) return recent[this.#pick(recent.length)]!.id;
    return this.#sent[this.#pick(this.#sent.length)]?.id ?? 'network.x:none';
  }

  #account(): NewAccount {
    return this.#accounts[this.#pick(this.#accounts.length)]!;
  }

  #amount(): bigint {
    const extremes = [0n, 2n ** 63n - 1n, 2n ** 62n, 2n ** 63n];
    return this.#pick(200) === 0 ? extremes[this.#pick(extremes.length)]! : BigInt(1 + this.#pick(300));
  }
}
