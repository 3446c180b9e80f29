import { AMOUNT_MAX } from './amount.ts';
import { expiryIdOf } from './ids.ts';
import { balancesAfter } from './ledger-state.ts';
import { type Account, type AccountEntry, type Balances, expiresAtMs, type NewAccount, type Transfer, ZERO_BALANCES } from './model.ts';

/**
 * Goes through a ledger's transfers again, one by one, from empty accounts, and holds every rule of the ledger against each. It
 * takes the transfers as facts and not as requests, and shares no decision with `createTransfers`.
 */
export class Replay {
  readonly #accounts: Map<string, Account>;
  /** Reservations that have not ended. */
  readonly #open = new Map<string, Transfer>();
  #sequence = 0n;
  #atMs = 0;

  constructor(accounts: Iterable<NewAccount>) {
    this.#accounts = new Map([...accounts].map((account) => [account.id, { ...account, balances: ZERO_BALANCES }]));
  }

  get sequence(): bigint {
    return this.#sequence;
  }

  accounts(): Iterable<Account> {
    return this.#accounts.values();
  }

  openReservations(): Iterable<Transfer> {
    return this.#open.values();
  }

  /** What an open reservation holds; 0 when there is none of this id. */
  openAmount(id: string): bigint {
    return this.#open.get(id)?.amount ?? 0n;
  }

  /** @returns the two account entries of the transfer, or the rule that it breaks */
  apply(transfer: Transfer): readonly [AccountEntry, AccountEntry] | string {
    const { sequence, atMs, kind, amount, asset } = transfer;
    if (sequence !== this.#sequence + 1n) return 'transfers are numbered without gaps';
    if (atMs < this.#atMs) return 'time does not run backwards';
    if (amount < 1n || amount > AMOUNT_MAX) return 'an amount is in 1 … 2^63 - 1';
    const debit = this.#accounts.get(transfer.debitAccount);
    const credit = this.#accounts.get(transfer.creditAccount);
    if (!debit || !credit || debit === credit) return 'a transfer has two different accounts that exist';
    if (debit.asset !== asset || credit.asset !== asset) return 'a transfer and its accounts have one asset';
    const reserved = this.#reserved(transfer);
    if (typeof reserved === 'string') return reserved;
    const [debitBalances, creditBalances] = balancesAfter(transfer, reserved, debit.balances, credit.balances);
    const broken = brokenLimit(debit, debitBalances) ?? brokenLimit(credit, creditBalances);
    if (broken) return broken;
    this.#accounts.set(debit.id, { ...debit, balances: debitBalances });
    this.#accounts.set(credit.id, { ...credit, balances: creditBalances });
    if (kind === 'pending') this.#open.set(transfer.id, transfer);
    if (transfer.pendingId !== null) this.#open.delete(transfer.pendingId);
    this.#sequence = sequence;
    this.#atMs = atMs;
    return [
      { accountId: debit.id, sequence, side: 'debit', balances: debitBalances },
      { accountId: credit.id, sequence, side: 'credit', balances: creditBalances },
    ];
  }

  #reserved({ id, kind, pendingId, atMs, amount, debitAccount, creditAccount }: Transfer): bigint | string {
    const ends = kind === 'post' || kind === 'void' || kind === 'expire';
    if (ends !== (pendingId !== null)) return 'a reservation is ended by post, void or expire, and by nothing else';
    if (pendingId === null) return 0n;
    const pending = this.#open.get(pendingId);
    if (!pending) return 'a reservation ends once';
    if (pending.debitAccount !== debitAccount || pending.creditAccount !== creditAccount) return 'a reservation ends between its own accounts';
    if (amount > pending.amount || (kind !== 'post' && amount !== pending.amount)) return 'a reservation gives no more than it holds';
    const lapsed = (expiresAtMs(pending) ?? Infinity) <= atMs;
    if (lapsed !== (kind === 'expire')) return 'a reservation expires when its time is over, and not before';
    if (kind === 'expire' && id !== expiryIdOf(pendingId)) return 'an expiry is named after its reservation';
    return pending.amount;
  }
}

function brokenLimit({ debitLimit, creditLimit }: Account, { debitsPending, debitsPosted, creditsPending, creditsPosted }: Balances): string | undefined {
  const [debits, credits] = [debitsPending + debitsPosted, creditsPending + creditsPosted];
  if ([debitsPending, debitsPosted, creditsPending, creditsPosted].some((value) => value < 0n) || debits > AMOUNT_MAX || credits > AMOUNT_MAX) return 'balances are in 0 … 2^63 - 1';
  if (debitLimit !== null && debits > creditsPosted + debitLimit) return 'debits stay within their limit';
  return creditLimit !== null && credits > debitsPosted + creditLimit ? 'credits stay within their limit' : undefined;
}
