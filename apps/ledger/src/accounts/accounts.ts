import { type FeeSchedule } from '@boop/accounts';
import { type JobBackend, type Logger, openWakeUp, pollingWakeUp } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { type Clock } from '@boop/shared';
import { accountHandlers } from './account-handlers.ts';
import { AccountStore } from './account-store.ts';
import { AccountsDatabase } from './accounts-database.ts';
import { BalancePublisher } from './balance-publisher.ts';
import { type AccountFaultHook } from './fault-points.ts';
import { type AppendEntry, LogOutbox } from './log-outbox.ts';
import { Reconciliations } from './reconciliations.ts';
import { Settlements } from './settlements.ts';
import { TransferQueue } from './transfer-queue.ts';
import { type DecidedBatch, TransferStore } from './transfer-store.ts';

export interface AccountsOptions {
  readonly databaseUrl: string;
  readonly manifest: Pick<NetworkManifest, 'networkId' | 'epoch'>;
  /** Where entries get their place in the log. */
  readonly append: AppendEntry;
  /** Whether `append` is open in this process; the log's outboxes rest where it isn't. */
  readonly leads: () => boolean;
  readonly clock: Clock;
  readonly log: Logger;
  readonly feeSchedules?: readonly FeeSchedule[];
  /** Wakes the settlement runs of all replicas; without it each polls. */
  readonly jobs?: JobBackend;
  readonly intervals?: { readonly outboxMs?: number; readonly balancesMs?: number; readonly settlementsMs?: number };
  readonly faults?: AccountFaultHook;
  readonly onDecided?: (batch: DecidedBatch) => void;
  readonly onWritten?: (transfers: number, durationMs: number) => void;
}

export interface Accounts {
  /** Answers a method of `accountMethods`; undefined for any other. */
  readonly handle: (method: string, body: unknown) => Promise<unknown> | undefined;
  /** Hash of the last commitment to all balances that stands in the log, for map revisions. */
  readonly latestBalances: () => Promise<Uint8Array | undefined>;
  readonly waiting: () => number;
  close(): Promise<void>;
}

/** Starts the accounts of one replica. Every replica may write transfers; the leading one also lays them down in the log. */
export async function startAccounts(options: AccountsOptions): Promise<Accounts> {
  const { databaseUrl, manifest, append, leads, clock, log, feeSchedules = [], jobs, intervals = {}, faults, onDecided, onWritten } = options;
  const { outboxMs = 200, balancesMs = 5_000, settlementsMs = 2_000 } = intervals;
  const database = new AccountsDatabase(databaseUrl, faults);
  const accounts = new AccountStore(database);
  const store = new TransferStore({ database, clock, ...(onDecided ? { onDecided } : {}) });
  const queue = new TransferQueue({ store, log, ...(onWritten ? { onWritten } : {}) });
  const outbox = new LogOutbox({ database, accounts, append, manifest, log });
  const balances = new BalancePublisher({ database, append, manifest, log, intervalMs: balancesMs });
  const settlements = new Settlements({ database, accounts, create: (transfers) => queue.create(transfers), schedules: feeSchedules, clock, log });
  const toLog = pollingWakeUp({
    intervalMs: outboxMs,
    log,
    work: async () => {
      if (!leads()) return;
      await outbox.drain();
      await balances.step();
    },
  });
  const settling = { work: () => settlements.runDue(), log, intervalMs: settlementsMs };
  const wakeUp = await openWakeUp('boop-settlements', jobs, settling);
  // Runs that a crash left behind.
  wakeUp.wake();
  return {
    handle: accountHandlers({ database, accounts, queue, balances, settlements, reconciliations: new Reconciliations(database, accounts), clock, onSettlement: () => wakeUp.wake() }),
    latestBalances: () => balances.latest(),
    waiting: () => queue.waiting,
    close: async () => {
      await wakeUp.close();
      await toLog.close();
      await queue.close();
      await database.close();
    },
  };
}
