import { describeError, type Logger } from '@boop/platform';
import { logEntryBytes, logEntryHash, type LogEntry, type NetworkManifest } from '@boop/protocol';
import { fromBase64Url, toBase64Url } from '@boop/shared';
import { batchRoot } from '@boop/accounts';
import { type AccountStore } from './account-store.ts';
import { type AccountsDatabase, type Bytes } from './accounts-database.ts';

/** Gives an entry its place in the log; the same entry again gets the same one. */
export type AppendEntry = (entry: { readonly hash: Uint8Array; readonly bytes: Uint8Array }) => Promise<number>;

export interface LogOutboxOptions {
  readonly database: AccountsDatabase;
  readonly accounts: AccountStore;
  readonly append: AppendEntry;
  readonly manifest: Pick<NetworkManifest, 'networkId' | 'epoch'>;
  readonly log: Logger;
}

const BATCH_MAX = 4_096n;
const UNPLACED_MAX = 16;

/**
 * Lays transfers down in the log, some thousand an entry, outside their own transactions. What an entry covers is written before it is
 * appended, so that after a crash the same entry is appended again, and the log knows it.
 */
export class LogOutbox {
  readonly #options: LogOutboxOptions;

  constructor(options: LogOutboxOptions) {
    this.#options = options;
  }

  /** Does all that there is to do. A failure is logged; the next call goes on. */
  async drain(): Promise<void> {
    try {
      do await this.#place();
      while (await this.#seal());
    } catch (error) {
      this.#options.log.warn('transfers are not in the log yet', { error: describeError(error) });
    }
  }

  /** Appends what is sealed. */
  async #place(): Promise<void> {
    const { database, append } = this.#options;
    for (;;) {
      const rows = await database.prisma.$queryRaw<{ batch: bigint; hash: Uint8Array; entry: Uint8Array }[]>`
        SELECT batch, entry_hash AS hash, entry FROM transfer_batches WHERE leaf_index IS NULL ORDER BY batch LIMIT ${UNPLACED_MAX}`;
      for (const { batch, hash, entry } of rows) {
        const leafIndex = await database.guard('batch.append', () => append({ hash, bytes: entry }));
        await database.guard('batch.placed', () => database.prisma.$executeRaw`UPDATE transfer_batches SET leaf_index = ${leafIndex} WHERE batch = ${batch}`);
      }
      if (rows.length < UNPLACED_MAX) return;
    }
  }

  /** Fixes what the next entry covers. Of two processes that seal the same batch one does. @returns whether there was something */
  async #seal(): Promise<boolean> {
    const { database, accounts, manifest } = this.#options;
    const [state] = await database.prisma.$queryRaw<{ batch: bigint; sealed: bigint; sequence: bigint }[]>`
      SELECT coalesce(max(b.batch), 0) AS batch, coalesce(max(b.last_sequence), 0) AS sealed, (SELECT sequence FROM accounts_head) AS sequence FROM transfer_batches b`;
    const { batch, sealed, sequence } = state!;
    if (sequence === sealed) return false;
    const last = sequence - sealed > BATCH_MAX ? sealed + BATCH_MAX : sequence;
    const transfers = await accounts.journal(sealed + 1n, last);
    const { bytes, hash } = entryOf(manifest, transfers.at(-1)!.atMs, { kind: 'transfers', batch: Number(batch + 1n), count: transfers.length, root: toBase64Url(batchRoot(transfers)) });
    await database.guard('batch.insert', () => database.prisma.$executeRaw`
      INSERT INTO transfer_batches (batch, first_sequence, last_sequence, entry_hash, entry) VALUES (${batch + 1n}, ${sealed + 1n}, ${last}, ${hash}, ${bytes}) ON CONFLICT DO NOTHING`);
    return true;
  }
}

type LedgerEntry = Extract<LogEntry, { kind: 'transfers' | 'balances' }>;
type Content = LedgerEntry extends infer E ? (E extends LedgerEntry ? Omit<E, 'v' | 'networkId' | 'epoch' | 'time'> : never) : never;

export function entryOf({ networkId, epoch }: Pick<NetworkManifest, 'networkId' | 'epoch'>, atMs: number, content: Content): { bytes: Bytes; hash: Bytes } {
  const bytes = logEntryBytes({ v: 1, networkId, epoch, time: Math.floor(atMs / 1_000), ...content } as LogEntry);
  return { bytes: bytes as Bytes, hash: fromBase64Url(logEntryHash(bytes)) as Bytes };
}
