import { type Account, accountJson, accountMethods, createTransfers, LedgerState, ownerOf, parseTransferRequest, resultJson, type Transfer, type TransferStatus, ZERO_BALANCES } from '@boop/accounts';
import { BoopError } from '@boop/shared';

const lost = (): BoopError => new BoopError('log.unavailable', 'the answer was lost', { kind: 'unavailable' });

/** Books in memory that follow the ledger's own rules. */
export class Books {
  /** For each call of a method: the change is made, and its answer never arrives. */
  loses: (method: string) => boolean = () => false;
  isAway = false;
  readonly transfers: Transfer[] = [];
  readonly #accounts = new Map<string, Account>();
  readonly #failedIds = new Map<string, TransferStatus>();

  readonly answer = (method: string, body: unknown): unknown => {
    if (this.isAway) throw lost();
    const answer = this.#decide(method, body);
    if (this.loses(method)) throw lost();
    return answer;
  };

  /** Posted credits less posted debits, and what is reserved of it. */
  balance(id: string): { posted: bigint; reserved: bigint } {
    const { creditsPosted, debitsPosted, debitsPending } = this.#accounts.get(id)?.balances ?? ZERO_BALANCES;
    return { posted: creditsPosted - debitsPosted, reserved: debitsPending };
  }

  /** Money from outside. */
  fill(id: string, amount: number, asset = 'EUR'): void {
    this.#open({ id: 'network.bank:main', asset, debitLimit: null, creditLimit: null });
    this.#open({ id, asset, debitLimit: 0n, creditLimit: null });
    this.#create([{ kind: 'single', id: `network.bank:${this.transfers.length}`, debitAccount: 'network.bank:main', creditAccount: id, amount: String(amount), asset, code: 'top-up' }]);
  }

  #decide(method: string, body: unknown): unknown {
    if (method === 'accounts.create') {
      const { accounts } = accountMethods[method].body.parse(body);
      return { results: accounts.map(({ id, asset, debitLimit, creditLimit }) => ({ id, status: this.#open({ id, asset, debitLimit: debitLimit === null ? null : BigInt(debitLimit), creditLimit: creditLimit === null ? null : BigInt(creditLimit) }) })) };
    }
    if (method === 'accounts.get') {
      const { id } = accountMethods[method].body.parse(body);
      return { account: accountJson(this.#accounts.get(id)!, ownerOf(id)) };
    }
    if (method === 'transfers.create') return { results: this.#create(accountMethods[method].body.parse(body).transfers) };
    throw new BoopError('link.unknown-method', 'not in these books');
  }

  #open(account: Omit<Account, 'balances'>): 'exists' | 'created' {
    if (this.#accounts.has(account.id)) return 'exists';
    this.#accounts.set(account.id, { ...account, balances: ZERO_BALANCES });
    return 'created';
  }

  #create(requests: readonly unknown[]): unknown[] {
    const state = new LedgerState({
      accounts: [...this.#accounts.values()],
      transfers: this.transfers,
      resolutions: this.transfers.filter(({ pendingId }) => pendingId !== null),
      failedIds: this.#failedIds,
      sequence: BigInt(this.transfers.length),
      nowMs: Date.now(),
    });
    const results = createTransfers(state, requests.map(parseTransferRequest));
    const changes = state.changes();
    this.transfers.push(...changes.transfers);
    for (const account of changes.accounts) this.#accounts.set(account.id, account);
    for (const [id, status] of changes.failedIds) this.#failedIds.set(id, status);
    return results.map(resultJson);
  }
}
