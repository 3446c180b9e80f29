import { BalanceForest, type BalanceProof, balancesCommitmentHash, type CommittedAccount } from '@boop/accounts';
import { describeError, type Logger } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { BoopError, toBase64Url } from '@boop/shared';
import { Prisma } from '../generated/prisma/client.ts';
import { type AccountsDatabase, type Bytes } from './accounts-database.ts';
import { type AppendEntry, entryOf } from './log-outbox.ts';
import { ACCOUNT_COLUMNS, accountOf, type AccountRow } from './rows.ts';

export interface BalancePublisherOptions {
  readonly database: AccountsDatabase;
  readonly append: AppendEntry;
  readonly manifest: Pick<NetworkManifest, 'networkId' | 'epoch'>;
  readonly log: Logger;
  /** Least time between two commitments; more when building one takes long. */
  readonly intervalMs: number;
}

/** Building trees, which blocks the process, takes at most one part in so many of the time. */
const REST_FACTOR = 20;
const accountColumns = Prisma.raw(ACCOUNT_COLUMNS);

/**
 * Commits the log to all balances now and then, and proves single ones under the last commitment that the log has. Trees are in
 * memory only; each process that appends makes its own.
 */
export class BalancePublisher {
  readonly #options: BalancePublisherOptions;
  #forest: BalanceForest | undefined;
  #entryHash = '';
  #sequence = -1n;
  #notBeforeMs = 0;

  constructor(options: BalancePublisherOptions) {
    this.#options = options;
  }

  /** Hash of the last commitment that stands in the log, 32 bytes. */
  async latest(): Promise<Uint8Array | undefined> {
    const [row] = await this.#options.database.prisma.$queryRaw<{ hash: Uint8Array }[]>`SELECT commitment_hash AS hash FROM balance_commitments WHERE leaf_index IS NOT NULL ORDER BY revision DESC LIMIT 1`;
    return row?.hash;
  }

  /** @throws BoopError `log.pending` (no commitment of this process has the account yet) */
  prove(accountId: string): { proof: BalanceProof; entryHash: string } {
    const proof = this.#forest?.prove(accountId);
    if (!proof) throw new BoopError('log.pending', 'the account is not under a commitment yet', { kind: 'unavailable' });
    return { proof, entryHash: this.#entryHash };
  }

  /** Publishes if balances have changed and it is time. A failure is logged; the next call tries again. */
  async step(): Promise<void> {
    if (performance.now() < this.#notBeforeMs) return;
    this.#notBeforeMs = performance.now() + this.#options.intervalMs;
    try {
      await this.#publish();
    } catch (error) {
      this.#options.log.warn('balances are not committed to yet', { error: describeError(error) });
    }
  }

  async #publish(): Promise<void> {
    const { database, append, manifest } = this.#options;
    const { sequence, atMs, accounts } = await this.#snapshot();
    if (sequence === this.#sequence || accounts.length === 0) return;
    const startedAtMs = performance.now();
    const forest = new BalanceForest(manifest.networkId, sequence, accounts);
    const now = performance.now();
    this.#notBeforeMs = Math.max(this.#notBeforeMs, now + (now - startedAtMs) * REST_FACTOR);
    const commitmentHash = balancesCommitmentHash(forest.commitment) as Bytes;
    const [last] = await database.prisma.$queryRaw<{ revision: bigint }[]>`SELECT coalesce(max(revision), 0) AS revision FROM balance_commitments`;
    const revision = last!.revision + 1n;
    const { bytes, hash } = entryOf(manifest, atMs, { kind: 'balances', revision: Number(revision), commitment: toBase64Url(commitmentHash) });
    await database.guard('balances.insert', () => database.prisma.$executeRaw`
      INSERT INTO balance_commitments (revision, sequence, commitment, commitment_hash, entry_hash, entry) VALUES (${revision}, ${sequence}, ${JSON.stringify(forest.commitment)}::jsonb, ${commitmentHash}, ${hash}, ${bytes})`);
    const leafIndex = await append({ hash, bytes });
    await database.prisma.$executeRaw`UPDATE balance_commitments SET leaf_index = ${leafIndex} WHERE revision = ${revision}`;
    this.#forest = forest;
    this.#entryHash = toBase64Url(hash);
    this.#sequence = sequence;
  }

  /** All accounts at one sequence. */
  async #snapshot(): Promise<{ sequence: bigint; atMs: number; accounts: CommittedAccount[] }> {
    return await this.#options.database.prisma.$transaction(
      async (transaction) => {
        const [head] = await transaction.$queryRaw<{ sequence: bigint; atMs: bigint }[]>`SELECT sequence, at_ms AS "atMs" FROM accounts_head`;
        if (head!.sequence === this.#sequence) return { sequence: head!.sequence, atMs: 0, accounts: [] };
        const rows = await transaction.$queryRaw<(AccountRow & { opening: Uint8Array })[]>`SELECT ${accountColumns}, opening FROM accounts`;
        return { sequence: head!.sequence, atMs: Number(head!.atMs), accounts: rows.map((row) => ({ ...accountOf(row), opening: row.opening })) };
      },
      { isolationLevel: 'RepeatableRead', timeout: 60_000 },
    );
  }
}
