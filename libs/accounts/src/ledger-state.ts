import { type Account, type AccountEntry, type Balances, type Transfer } from './model.ts';
import { type TransferStatus } from './status.ts';

/** What a batch must know: every account, transfer, reservation and failed id that its requests name. */
export interface KnownState {
  readonly accounts: readonly Account[];
  /** Those with an id of the batch, and those that it names as `pendingId`. */
  readonly transfers: readonly Transfer[];
  /** Transfers that ended a reservation which the batch names. */
  readonly resolutions: readonly Transfer[];
  readonly failedIds: ReadonlyMap<string, TransferStatus>;
  /** Of the last transfer so far; 0 when there is none. */
  readonly sequence: bigint;
  /** Not before the last transfer's. */
  readonly nowMs: number;
}

/** What a batch changes. */
export interface Changes {
  readonly transfers: readonly Transfer[];
  readonly entries: readonly AccountEntry[];
  /** As they are after the batch. */
  readonly accounts: readonly Account[];
  readonly failedIds: ReadonlyMap<string, TransferStatus>;
  readonly sequence: bigint;
}

/** Accounts and transfers in memory, with what was changed since they were loaded. Chains that fail are taken back. */
export class LedgerState {
  readonly nowMs: number;
  #sequence: bigint;
  readonly #accounts: Map<string, Account>;
  readonly #transfers: Map<string, Transfer>;
  /** By the id of the reservation. */
  readonly #resolutions: Map<string, Transfer>;
  readonly #failedIds: Map<string, TransferStatus>;
  readonly #newFailedIds = new Map<string, TransferStatus>();
  readonly #changed: { transfer: Transfer; before: readonly Account[]; entries: readonly AccountEntry[] }[] = [];

  constructor(known: KnownState) {
    this.nowMs = known.nowMs;
    this.#sequence = known.sequence;
    this.#accounts = new Map(known.accounts.map((account) => [account.id, account]));
    this.#transfers = new Map(known.transfers.map((transfer) => [transfer.id, transfer]));
    this.#resolutions = new Map(known.resolutions.map((transfer) => [transfer.pendingId!, transfer]));
    this.#failedIds = new Map(known.failedIds);
  }

  get nextSequence(): bigint {
    return this.#sequence + 1n;
  }

  account(id: string): Account | undefined {
    return this.#accounts.get(id);
  }

  transfer(id: string): Transfer | undefined {
    return this.#transfers.get(id);
  }

  resolution(pendingId: string): Transfer | undefined {
    return this.#resolutions.get(pendingId);
  }

  failure(id: string): TransferStatus | undefined {
    return this.#failedIds.get(id);
  }

  fail(id: string, status: TransferStatus): void {
    this.#failedIds.set(id, status);
    this.#newFailedIds.set(id, status);
  }

  /** Writes a transfer that was found admissible. */
  add(transfer: Transfer): void {
    const before = [this.#accounts.get(transfer.debitAccount)!, this.#accounts.get(transfer.creditAccount)!];
    const reserved = transfer.pendingId === null ? 0n : this.#transfers.get(transfer.pendingId)!.amount;
    const [debit, credit] = balancesAfter(transfer, reserved, before[0]!.balances, before[1]!.balances);
    this.#accounts.set(transfer.debitAccount, { ...before[0]!, balances: debit });
    this.#accounts.set(transfer.creditAccount, { ...before[1]!, balances: credit });
    this.#transfers.set(transfer.id, transfer);
    if (transfer.pendingId !== null) this.#resolutions.set(transfer.pendingId, transfer);
    this.#sequence = transfer.sequence;
    const entries: AccountEntry[] = [
      { accountId: transfer.debitAccount, sequence: transfer.sequence, side: 'debit', balances: debit },
      { accountId: transfer.creditAccount, sequence: transfer.sequence, side: 'credit', balances: credit },
    ];
    this.#changed.push({ transfer, before, entries });
  }

  /** Where {@link rollback} returns to. */
  mark(): number {
    return this.#changed.length;
  }

  rollback(mark: number): void {
    for (const { transfer, before } of this.#changed.splice(mark).reverse()) {
      for (const account of before) this.#accounts.set(account.id, account);
      this.#transfers.delete(transfer.id);
      if (transfer.pendingId !== null) this.#resolutions.delete(transfer.pendingId);
      this.#sequence = transfer.sequence - 1n;
    }
  }

  changes(): Changes {
    const touched = new Set(this.#changed.flatMap(({ before }) => before.map(({ id }) => id)));
    return {
      transfers: this.#changed.map(({ transfer }) => transfer),
      entries: this.#changed.flatMap(({ entries }) => entries),
      accounts: [...touched].map((id) => this.#accounts.get(id)!),
      failedIds: this.#newFailedIds,
      sequence: this.#sequence,
    };
  }
}

/** @param reserved amount of the reservation that the transfer ends */
export function balancesAfter({ kind, amount }: Pick<Transfer, 'kind' | 'amount'>, reserved: bigint, debit: Balances, credit: Balances): [Balances, Balances] {
  const pending = kind === 'pending' ? amount : -reserved;
  const posted = kind === 'single' || kind === 'post' ? amount : 0n;
  return [
    { ...debit, debitsPending: debit.debitsPending + pending, debitsPosted: debit.debitsPosted + posted },
    { ...credit, creditsPending: credit.creditsPending + pending, creditsPosted: credit.creditsPosted + posted },
  ];
}
