import { type TransferRequest, type TransferResult } from '@boop/accounts';
import { type Oracle } from '@boop/accounts/testing';
import { silentLogger } from '@boop/platform';
import { type Clock } from '@boop/shared';
import { AccountStore } from '../../accounts/account-store.ts';
import { AccountsDatabase } from '../../accounts/accounts-database.ts';
import { type AccountFaultHook, type AccountFaultPoint } from '../../accounts/fault-points.ts';
import { TransferQueue } from '../../accounts/transfer-queue.ts';
import { type DecidedBatch, TransferStore } from '../../accounts/transfer-store.ts';

/** A clock that tests set. */
export class TestClock implements Clock {
  now = 1_700_000_000_000;
  nowMs(): number {
    return this.now;
  }
}

/** A process that ends at one fault point: from then on nothing that it begins is written. */
export class Fault {
  struck = false;
  readonly hook: AccountFaultHook;

  constructor(point: AccountFaultPoint, when: 'before' | 'after', armed: () => boolean = () => true) {
    this.hook = (at, side) => {
      if (!this.struck && (at !== point || side !== when || !armed())) return;
      this.struck = true;
      throw new Error('the process ends here');
    };
  }
}

/** Stores and queue of one process. */
export class AccountsProcess {
  readonly database: AccountsDatabase;
  readonly accounts: AccountStore;
  readonly transfers: TransferStore;
  readonly queue: TransferQueue;

  constructor(databaseUrl: string, clock: Clock, options: { faults?: AccountFaultHook; onDecided?: (batch: DecidedBatch) => void; batchMax?: number } = {}) {
    const { faults, onDecided, batchMax } = options;
    this.database = new AccountsDatabase(databaseUrl, faults);
    this.accounts = new AccountStore(this.database);
    this.transfers = new TransferStore({ database: this.database, clock, ...(onDecided ? { onDecided } : {}) });
    this.queue = new TransferQueue({ store: this.transfers, log: silentLogger, expiryIntervalMs: 20, ...(batchMax ? { batchMax } : {}) });
  }

  async close(): Promise<void> {
    await this.queue.close();
    await this.database.close();
  }
}

/** Everything that batches decided, by number: one that was not committed is decided again under its number. */
export class Decisions {
  readonly #batches = new Map<bigint, DecidedBatch>();
  readonly record = (batch: DecidedBatch): void => void this.#batches.set(batch.batch, batch);

  /**
   * Replays the committed batches through the oracle, in their order.
   * @returns oracle and, for each request of a committed batch, the statuses that the oracle gives
   */
  replay(committed: bigint, oracle: Oracle): Map<readonly TransferRequest[], string[]> {
    const expected = new Map<readonly TransferRequest[], string[]>();
    for (let number = 1n; number <= committed; number++) {
      const { requests, expired, nowMs } = this.#batches.get(number)!;
      oracle.expire(expired, nowMs);
      for (const request of requests) expected.set(request, oracle.request(request, nowMs));
    }
    return expected;
  }
}

export const statusesOf = (results: readonly TransferResult[]): string[] => results.map(({ status }) => status);
