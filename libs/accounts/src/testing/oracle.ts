import { type NewAccount, type TransferRequest } from '../model.ts';

type Row = { request: TransferRequest; debit: string; credit: string; amount: bigint; pendingId?: string; atMs: number; code: string; asset: string };
type Purse = { account: NewAccount; pendingOut: bigint; out: bigint; pendingIn: bigint; in: bigint };

const MAX = 9_223_372_036_854_775_807n;

/** Statuses that leave a mark on the id. */
const STICKY = ['debit_account_not_found', 'credit_account_not_found', 'pending_transfer_not_found', 'exceeds_credits', 'exceeds_debits'];

/**
 * The ledger as a page of bookkeeping: written from the table of statuses, not from the code. All conditions are looked at for every
 * transfer, and the first that holds in the documented order is the answer; chains work on a copy.
 */
export class Oracle {
  #purses = new Map<string, Purse>();
  #rows = new Map<string, Row>();
  /** How a reservation ended. */
  #ended = new Map<string, 'post' | 'void' | 'expire'>();
  readonly failed = new Map<string, string>();
  transfers = 0;

  open(account: NewAccount): void {
    if (!this.#purses.has(account.id)) this.#purses.set(account.id, { account, pendingOut: 0n, out: 0n, pendingIn: 0n, in: 0n });
  }

  balances(id: string): { debitsPending: bigint; debitsPosted: bigint; creditsPending: bigint; creditsPosted: bigint } {
    const { pendingOut, out, pendingIn, in: received } = this.#purses.get(id)!;
    return { debitsPending: pendingOut, debitsPosted: out, creditsPending: pendingIn, creditsPosted: received };
  }

  /** Statuses of one request. */
  request(transfers: readonly TransferRequest[], nowMs: number): string[] {
    const statuses: string[] = [];
    for (let at = 0; at < transfers.length; ) {
      let end = at;
      while (transfers[end]?.linked) end++;
      const chain = transfers.slice(at, end + 1);
      if (end >= transfers.length) statuses.push(...chain.map((_, i) => (i === chain.length - 1 ? 'linked_event_chain_open' : 'linked_event_failed')));
      else statuses.push(...this.#chain(chain, nowMs));
      at = end + 1;
    }
    return statuses;
  }

  /** Reservations of these ids run out, if their time is over. */
  expire(ids: readonly string[], nowMs: number): void {
    for (const id of ids) {
      const row = this.#rows.get(id)!;
      if (this.#ended.has(id) || !lapsed(row, nowMs)) continue;
      this.#ended.set(id, 'expire');
      this.#purses.get(row.debit)!.pendingOut -= row.amount;
      this.#purses.get(row.credit)!.pendingIn -= row.amount;
      this.transfers++;
    }
  }

  #chain(chain: readonly TransferRequest[], nowMs: number): string[] {
    if (chain.every((one) => this.#repetition(one) === 'exists')) return chain.map(() => 'exists');
    const kept = { purses: new Map([...this.#touched(chain)].map((id) => [id, { ...this.#purses.get(id)! }])), transfers: this.transfers };
    for (const [at, one] of chain.entries()) {
      const status = this.#one(one, nowMs);
      if (status === 'created') continue;
      for (const made of chain.slice(0, at)) this.#forget(made);
      for (const [id, purse] of kept.purses) this.#purses.set(id, purse);
      this.transfers = kept.transfers;
      if (STICKY.includes(status) || status.startsWith('overflows')) this.failed.set(one.id, status);
      return chain.map((_, i) => (i === at ? status : 'linked_event_failed'));
    }
    return chain.map(() => 'created');
  }

  /** Accounts that a chain may change, those of reservations made in it included. */
  #touched(chain: readonly TransferRequest[]): Set<string> {
    const named = chain.flatMap((one) => {
      if ('debitAccount' in one) return [one.debitAccount, one.creditAccount];
      const row = this.#rows.get(one.pendingId);
      return row ? [row.debit, row.credit] : [];
    });
    return new Set(named.filter((id) => this.#purses.has(id)));
  }

  #forget(one: TransferRequest): void {
    this.#rows.delete(one.id);
    if ('pendingId' in one) this.#ended.delete(one.pendingId);
  }

  #repetition(one: TransferRequest): string | undefined {
    const row = this.#rows.get(one.id);
    if (!row) return undefined;
    const old = row.request;
    if (old.kind !== one.kind) return 'exists_with_different_kind';
    const differs = (name: string): boolean => ((old as unknown as Record<string, unknown>)[name] ?? '') !== ((one as unknown as Record<string, unknown>)[name] ?? '');
    if (differs('pendingId')) return 'exists_with_different_pending_id';
    if ((('timeoutSeconds' in old && old.timeoutSeconds) || 0) !== (('timeoutSeconds' in one && one.timeoutSeconds) || 0)) return 'exists_with_different_timeout';
    if (differs('debitAccount')) return 'exists_with_different_debit_account';
    if (differs('creditAccount')) return 'exists_with_different_credit_account';
    if (differs('asset')) return 'exists_with_different_asset';
    if (differs('code')) return 'exists_with_different_code';
    const wanted = one.amount ?? ('pendingId' in one ? this.#rows.get(one.pendingId)!.amount : 0n);
    if (wanted !== row.amount) return 'exists_with_different_amount';
    return differs('reference') ? 'exists_with_different_reference' : 'exists';
  }

  #one(one: TransferRequest, nowMs: number): string {
    const known = this.#repetition(one) ?? (this.failed.has(one.id) ? 'id_already_failed' : undefined);
    if (known) return known;
    return 'pendingId' in one ? this.#resolve(one as Extract<TransferRequest, { pendingId: string }>, nowMs) : this.#move(one as Extract<TransferRequest, { debitAccount: string }>, nowMs);
  }

  #move(one: Extract<TransferRequest, { debitAccount: string }>, nowMs: number): string {
    const [from, to, sum] = [this.#purses.get(one.debitAccount), this.#purses.get(one.creditAccount), one.amount];
    const debitLimit = from?.account.debitLimit ?? null;
    const creditLimit = to?.account.creditLimit ?? null;
    const reserves = one.kind === 'pending';
    const conditions: [string, boolean][] = [
      ['amount_out_of_range', sum <= 0n || sum > MAX],
      ['accounts_must_be_different', one.debitAccount === one.creditAccount],
      ['debit_account_not_found', !from],
      ['credit_account_not_found', !to],
      ['accounts_must_have_the_same_asset', from?.account.asset !== to?.account.asset],
      ['transfer_must_have_the_same_asset_as_accounts', from?.account.asset !== one.asset],
      ['overflows_debits_pending', reserves && (from?.pendingOut ?? 0n) + sum > MAX],
      ['overflows_credits_pending', reserves && (to?.pendingIn ?? 0n) + sum > MAX],
      ['overflows_debits_posted', (from?.out ?? 0n) + sum > MAX],
      ['overflows_credits_posted', (to?.in ?? 0n) + sum > MAX],
      ['overflows_debits', (from?.out ?? 0n) + (from?.pendingOut ?? 0n) + sum > MAX],
      ['overflows_credits', (to?.in ?? 0n) + (to?.pendingIn ?? 0n) + sum > MAX],
      ['exceeds_credits', debitLimit !== null && from!.out + from!.pendingOut + sum - from!.in > debitLimit],
      ['exceeds_debits', creditLimit !== null && to!.in + to!.pendingIn + sum - to!.out > creditLimit],
    ];
    const failure = conditions.find(([, holds]) => holds);
    if (failure) return failure[0];
    if (reserves) {
      from!.pendingOut += sum;
      to!.pendingIn += sum;
    } else {
      from!.out += sum;
      to!.in += sum;
    }
    this.#rows.set(one.id, { request: one, debit: one.debitAccount, credit: one.creditAccount, amount: sum, atMs: nowMs, code: one.code, asset: one.asset });
    this.transfers++;
    return 'created';
  }

  #resolve(one: Extract<TransferRequest, { pendingId: string }>, nowMs: number): string {
    const held = this.#rows.get(one.pendingId);
    const ended = this.#ended.get(one.pendingId);
    const sum = one.amount ?? held?.amount ?? 0n;
    const conditions: [string, boolean][] = [
      ['amount_out_of_range', one.amount !== undefined && (one.amount <= 0n || one.amount > MAX)],
      ['pending_id_must_be_different', one.pendingId === one.id],
      ['pending_transfer_not_found', !held],
      ['pending_transfer_not_pending', held?.request.kind !== 'pending'],
      ['pending_transfer_already_posted', ended === 'post'],
      ['pending_transfer_already_voided', ended === 'void'],
      ['pending_transfer_expired', ended === 'expire' || (held !== undefined && lapsed(held, nowMs))],
      ['exceeds_pending_transfer_amount', held !== undefined && sum > held.amount],
      ['pending_transfer_has_different_amount', one.kind === 'void' && sum !== held?.amount],
    ];
    const failure = conditions.find(([, holds]) => holds);
    if (failure) return failure[0];
    const [from, to] = [this.#purses.get(held!.debit)!, this.#purses.get(held!.credit)!];
    from.pendingOut -= held!.amount;
    to.pendingIn -= held!.amount;
    if (one.kind === 'post') {
      from.out += sum;
      to.in += sum;
    }
    this.#ended.set(one.pendingId, one.kind as 'post' | 'void');
    this.#rows.set(one.id, { request: one, debit: held!.debit, credit: held!.credit, amount: sum, pendingId: one.pendingId, atMs: nowMs, code: held!.code, asset: held!.asset });
    this.transfers++;
    return 'created';
  }
}

function lapsed({ request, atMs }: Row, nowMs: number): boolean {
  const seconds = ('timeoutSeconds' in request && request.timeoutSeconds) || 0;
  return seconds > 0 && nowMs >= atMs + seconds * 1_000;
}
