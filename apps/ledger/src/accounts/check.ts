import { type Account, type AccountEntry, type Balances, balancesCommitmentHash, type BalancesCommitment, batchRoot, balanceOf, expiresAtMs, ownerOf, Replay, type Transfer, verifyZeroSums } from '@boop/accounts';
import { logEntryHash, parseLogEntry } from '@boop/protocol';
import { equalBytes, fromBase64Url, toBase64Url } from '@boop/shared';
import { demand, Finding } from '../check/finding.ts';
import { Prisma } from '../generated/prisma/client.ts';
import { AccountStore } from './account-store.ts';
import { AccountsDatabase, type Transaction } from './accounts-database.ts';
import { ACCOUNT_COLUMNS, accountOf, type AccountRow, BALANCE_COLUMNS, balancesOf } from './rows.ts';

/** What a check of the accounts found: all well, or the first place that is not, and the rule that it breaks. */
export type AccountsReport =
  | { readonly ok: true; readonly accounts: number; readonly transfers: number; readonly batches: number }
  | { readonly ok: false; readonly place: string; readonly rule: string };

/** Port of `boop ledger check`: replays the accounts from storage. */
export interface AccountsCheck {
  check(): Promise<AccountsReport>;
}

interface Commitment {
  readonly revision: bigint;
  readonly sequence: bigint;
  readonly commitment: BalancesCommitment;
  readonly hash: Uint8Array;
  readonly entry: Uint8Array;
  readonly leafIndex: bigint | null;
  readonly logged: Uint8Array | null;
}

interface Batch {
  readonly batch: bigint;
  readonly first: bigint;
  readonly last: bigint;
  readonly hash: Uint8Array;
  readonly entry: Uint8Array;
  readonly leafIndex: bigint | null;
  readonly logged: Uint8Array | null;
}

const CHUNK = 4_096n;
const CHECK_TIMEOUT_MS = 6 * 60 * 60_000;
const DAY_MS = 86_400_000;

/**
 * Goes through one snapshot of the database: every transfer again from empty accounts, and from that every balance, entry, reservation,
 * daily total and logged batch. Memory: accounts, open reservations and daily totals; transfers stream by.
 */
export class StoredAccountsCheck implements AccountsCheck {
  readonly #databaseUrl: string;

  constructor(databaseUrl: string) {
    this.#databaseUrl = databaseUrl;
  }

  async check(): Promise<AccountsReport> {
    const database = new AccountsDatabase(this.#databaseUrl);
    try {
      return await database.prisma.$transaction((transaction) => new Run(transaction, new AccountStore(database)).run(), { isolationLevel: 'RepeatableRead', timeout: CHECK_TIMEOUT_MS, maxWait: 10_000 });
    } catch (error) {
      if (error instanceof Finding) return { ok: false, place: error.place, rule: error.rule };
      throw error;
    } finally {
      await database.close();
    }
  }
}

class Run {
  readonly #transaction: Transaction;
  readonly #store: AccountStore;
  readonly #totals = new Map<string, [bigint, bigint, bigint, bigint]>();
  /** By asset. */
  readonly #sums = new Map<string, { readonly posted: bigint; readonly pending: bigint }>();

  constructor(transaction: Transaction, store: AccountStore) {
    this.#transaction = transaction;
    this.#store = store;
  }

  async run(): Promise<AccountsReport> {
    const [head] = await this.#transaction.$queryRaw<{ sequence: bigint }[]>`SELECT sequence FROM accounts_head`;
    const rows = await this.#transaction.$queryRaw<AccountRow[]>`SELECT ${Prisma.raw(ACCOUNT_COLUMNS)} FROM accounts`;
    const accounts = rows.map(accountOf);
    const replay = new Replay(accounts);
    const batches = await this.#batches();
    const commitments = await this.#commitments();
    while (commitments[0]?.sequence === 0n) this.#commitment(commitments.shift()!);
    const pending: Transfer[] = [];
    let at = 0;
    for (let from = 1n; from <= head!.sequence; from += CHUNK) {
      const transfers = await this.#store.journal(from, from + CHUNK - 1n < head!.sequence ? from + CHUNK - 1n : head!.sequence, this.#transaction);
      await this.#transfers(replay, transfers, commitments);
      pending.push(...transfers);
      for (; at < batches.length && batches[at]!.last <= replay.sequence; at++) this.#batch(batches[at]!, pending.splice(0, Number(batches[at]!.last - batches[at]!.first) + 1));
    }
    demand(replay.sequence === head!.sequence, `transfer ${replay.sequence + 1n}`, 'transfers are numbered without gaps, up to the head');
    demand(at === batches.length, `batch ${at + 1}`, 'a batch is of transfers that exist');
    await this.#rest(head!.sequence);
    this.#balances(accounts, replay);
    await this.#reservations(replay);
    await this.#dailyTotals();
    demand(commitments.length === 0, `balances ${commitments[0]?.revision}`, 'balances are committed to after a transfer');
    return { ok: true, accounts: accounts.length, transfers: Number(head!.sequence), batches: batches.length };
  }

  /** @param commitments those to come; what is checked is taken out */
  async #transfers(replay: Replay, transfers: readonly Transfer[], commitments: Commitment[]): Promise<void> {
    const entries: AccountEntry[] = [];
    for (const transfer of transfers) {
      const place = `transfer ${transfer.sequence} (${transfer.id})`;
      const reserved = transfer.pendingId === null ? 0n : replay.openAmount(transfer.pendingId);
      const result = replay.apply(transfer);
      if (typeof result === 'string') throw new Finding(place, result);
      entries.push(...result);
      if (transfer.kind === 'single' || transfer.kind === 'post') this.#count(transfer);
      this.#add(transfer, reserved);
      while (commitments[0]?.sequence === transfer.sequence) this.#commitment(commitments.shift()!);
    }
    const [owners, ids, sequences] = [entries.map(({ accountId }) => ownerOf(accountId)), entries.map(({ accountId }) => accountId), entries.map(({ sequence }) => sequence)];
    const stored = await this.#transaction.$queryRaw<(Balances & { accountId: string; sequence: bigint; side: string })[]>`
      SELECT account_id AS "accountId", sequence, side, ${Prisma.raw(BALANCE_COLUMNS)} FROM account_entries
      WHERE (owner, account_id, sequence) IN (SELECT * FROM unnest(${owners}::text[], ${ids}::text[], ${sequences}::bigint[]))`;
    const known = new Map(stored.map((row) => [`${row.accountId} ${row.sequence}`, row]));
    for (const { accountId, sequence, side, balances } of entries) {
      const row = known.get(`${accountId} ${sequence}`);
      demand(row?.side === side && sameBalances(row, balances), `entry ${sequence} of ${accountId}`, 'an entry has the balances after its transfer');
    }
  }

  #add({ asset, kind, amount }: Transfer, reserved: bigint): void {
    const { posted, pending } = this.#sums.get(asset) ?? { posted: 0n, pending: 0n };
    this.#sums.set(asset, { posted: posted + (kind === 'single' || kind === 'post' ? amount : 0n), pending: pending + (kind === 'pending' ? amount : -reserved) });
  }

  #count({ debitAccount, creditAccount, amount, atMs, code }: Transfer): void {
    const day = new Date(Math.floor(atMs / DAY_MS) * DAY_MS).toISOString().slice(0, 10);
    const add = (accountId: string, credit: bigint, debit: bigint): void => {
      const key = `${accountId} ${day} ${code}`;
      const [creditCount, credits, debitCount, debits] = this.#totals.get(key) ?? [0n, 0n, 0n, 0n];
      this.#totals.set(key, [creditCount + (credit > 0n ? 1n : 0n), credits + credit, debitCount + (debit > 0n ? 1n : 0n), debits + debit]);
    };
    add(debitAccount, 0n, amount);
    add(creditAccount, amount, 0n);
  }

  async #batches(): Promise<Batch[]> {
    const batches = await this.#transaction.$queryRaw<Batch[]>`
      SELECT b.batch, b.first_sequence AS first, b.last_sequence AS last, b.entry_hash AS hash, b.entry, b.leaf_index AS "leafIndex", e.bytes AS logged
      FROM transfer_batches b LEFT JOIN entries e ON e.leaf_index = b.leaf_index ORDER BY b.batch`;
    batches.forEach(({ batch, first }, i) => demand(batch === BigInt(i + 1) && first === (batches[i - 1]?.last ?? 0n) + 1n, `batch ${batch}`, 'batches follow each other without gaps'));
    return batches;
  }

  #batch({ batch, hash, entry, leafIndex, logged }: Batch, transfers: readonly Transfer[]): void {
    const place = `batch ${batch}`;
    demand(logEntryHash(entry) === toBase64Url(hash), place, 'an entry is named by its hash');
    const content = parseLogEntry(entry);
    demand(content.kind === 'transfers' && content.batch === Number(batch) && content.count === transfers.length && equalBytes(fromBase64Url(content.root), batchRoot(transfers)), place, 'an entry commits to the transfers of its batch');
    demand(leafIndex === null || (logged !== null && equalBytes(logged, entry)), place, 'a logged batch stands in the log as it was sealed');
  }

  /** What must not be there besides. */
  async #rest(sequence: bigint): Promise<void> {
    const [counts] = await this.#transaction.$queryRaw<{ transfers: bigint; entries: bigint; reused: string | null }[]>`
      SELECT (SELECT count(*) FROM transfers) AS transfers, (SELECT count(*) FROM account_entries) AS entries, (SELECT min(f.id) FROM failed_transfers f JOIN transfers t USING (id)) AS reused`;
    demand(counts!.transfers === sequence, 'transfers', 'there are as many transfers as the head says');
    demand(counts!.entries === 2n * sequence, 'account entries', 'a transfer has two entries');
    demand(counts!.reused === null, `id ${counts!.reused}`, 'an id that failed has no transfer');
  }

  #balances(accounts: readonly Account[], replay: Replay): void {
    const expected = new Map([...replay.accounts()].map(({ id, balances }) => [id, balances]));
    const sums = new Map<string, bigint>();
    for (const { id, asset, balances } of accounts) {
      demand(sameBalances(balances, expected.get(id)!), `account ${id}`, 'balances are those of its transfers');
      sums.set(asset, (sums.get(asset) ?? 0n) + balanceOf(balances));
    }
    for (const [asset, sum] of sums) demand(sum === 0n, `asset ${asset}`, 'balances sum to zero');
  }

  async #reservations(replay: Replay): Promise<void> {
    const rows = await this.#transaction.$queryRaw<{ id: string; sequence: bigint; expiresAtMs: bigint | null }[]>`SELECT id, sequence, expires_at_ms AS "expiresAtMs" FROM open_reservations`;
    const stored = new Map(rows.map((row) => [row.id, row]));
    for (const pending of replay.openReservations()) {
      const row = stored.get(pending.id);
      const expiry = expiresAtMs(pending);
      demand(row?.sequence === pending.sequence && (row.expiresAtMs === null ? null : Number(row.expiresAtMs)) === expiry, `reservation ${pending.id}`, 'an open reservation is kept with its expiry');
      stored.delete(pending.id);
    }
    demand(stored.size === 0, `reservation ${[...stored.keys()][0]}`, 'a reservation that ended is not open');
  }

  async #dailyTotals(): Promise<void> {
    const rows = await this.#transaction.$queryRaw<{ accountId: string; day: string; code: string; creditCount: bigint; credits: bigint; debitCount: bigint; debits: bigint }[]>`
      SELECT account_id AS "accountId", day::text AS day, code, credit_count AS "creditCount", credits, debit_count AS "debitCount", debits FROM daily_totals`;
    for (const { accountId, day, code, ...row } of rows) {
      const [creditCount, credits, debitCount, debits] = this.#totals.get(`${accountId} ${day} ${code}`) ?? [0n, 0n, 0n, 0n];
      const same = row.creditCount === creditCount && row.credits === credits && row.debitCount === debitCount && row.debits === debits;
      demand(same, `total of ${accountId}, ${day}, ${code}`, 'reports are the sums of transfers');
    }
    demand(rows.length === this.#totals.size, 'daily totals', 'reports leave nothing out');
  }

  async #commitments(): Promise<Commitment[]> {
    return await this.#transaction.$queryRaw<Commitment[]>`
      SELECT b.revision, b.sequence, b.commitment, b.commitment_hash AS hash, b.entry, b.leaf_index AS "leafIndex", e.bytes AS logged
      FROM balance_commitments b LEFT JOIN entries e ON e.leaf_index = b.leaf_index ORDER BY b.revision`;
  }

  /** The single balances under a commitment are for their owners to verify; their sums can be held against the transfers. */
  #commitment({ revision, sequence, commitment, hash, entry, leafIndex, logged }: Commitment): void {
    const place = `balances ${revision}`;
    const content = parseLogEntry(entry);
    demand(content.kind === 'balances' && content.revision === Number(revision) && content.commitment === toBase64Url(hash) && equalBytes(balancesCommitmentHash(commitment), hash), place, 'an entry commits to the balances of its revision');
    demand(commitment.sequence === String(sequence) && isZeroSum(commitment), place, 'committed balances sum to zero');
    for (const { asset, sums } of commitment.assets) {
      const { posted, pending } = this.#sums.get(asset) ?? { posted: 0n, pending: 0n };
      demand(sums.debitsPosted === String(posted) && sums.debitsPending === String(pending), place, 'committed sums are those of the transfers');
    }
    demand(leafIndex === null || (logged !== null && equalBytes(logged, entry)), place, 'a logged commitment stands in the log as it was made');
  }
}

function isZeroSum(commitment: BalancesCommitment): boolean {
  try {
    verifyZeroSums(commitment);
    return true;
  } catch {
    return false;
  }
}

const sameBalances = (a: Balances, b: Balances): boolean => {
  const [x, y] = [balancesOf(a), balancesOf(b)];
  return x.debitsPending === y.debitsPending && x.debitsPosted === y.debitsPosted && x.creditsPending === y.creditsPending && x.creditsPosted === y.creditsPosted;
};
