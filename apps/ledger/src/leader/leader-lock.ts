import { setTimeout as sleep } from 'node:timers/promises';
import { type Logger } from '@boop/platform';
import { BoopError } from '@boop/shared';
import pg from 'pg';

/** Session-level advisory lock, one per database: "boop log" as a big-endian integer. */
const LOCK_ID = '7093010465502818151';
const QUERY_TIMEOUT_MS = 5_000;

export interface LeaderLockOptions {
  readonly databaseUrl: string;
  /** How often to try for the lock, or to see that it is still ours. */
  readonly intervalMs: number;
  readonly log: Logger;
  /** Leads until the signal aborts; must end soon after that, and not before. */
  readonly lead: (signal: AbortSignal) => Promise<void>;
}

/**
 * Elects one leader among the processes of one database by an advisory lock on a connection of its own: the lock goes when the
 * connection does. It saves work and is no fence: a process may go on for `intervalMs` after it lost the lock, so
 * every write is a compare-and-swap as well.
 */
export class LeaderLock {
  readonly #options: LeaderLockOptions;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;

  /** Starts at once. */
  constructor(options: LeaderLockOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Gives up the lock, after `lead` has ended. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const closing = this.#closing.signal;
    while (!closing.aborted) {
      await this.#campaign().catch((error: unknown) => this.#options.log.warn('leader election interrupted', { error }));
      await this.#pause(closing);
    }
  }

  async #campaign(): Promise<void> {
    const client = new pg.Client({ connectionString: this.#options.databaseUrl, connectionTimeoutMillis: QUERY_TIMEOUT_MS, query_timeout: QUERY_TIMEOUT_MS });
    const lost = new AbortController();
    client.on('error', () => lost.abort());
    client.on('end', () => lost.abort());
    const signal = AbortSignal.any([lost.signal, this.#closing.signal]);
    try {
      await client.connect();
      while (!signal.aborted && !(await tryLock(client))) await this.#pause(signal);
      if (!signal.aborted) await this.#lead(client, signal);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async #lead(client: pg.Client, signal: AbortSignal): Promise<void> {
    this.#options.log.info('this replica leads');
    const stop = new AbortController();
    let ended = false;
    const leading = this.#options.lead(AbortSignal.any([signal, stop.signal])).finally(() => (ended = true));
    // Awaited below in every case; a failure in the meantime is not an unhandled one.
    leading.catch(() => undefined);
    try {
      while (!signal.aborted && !ended) {
        await client.query('SELECT 1');
        await Promise.race([this.#pause(signal), leading]);
      }
    } finally {
      stop.abort();
      await leading;
    }
    if (!signal.aborted) throw new BoopError('log.leader-ended', 'the leading replica stopped on its own', { kind: 'fatal' });
  }

  async #pause(signal: AbortSignal): Promise<void> {
    await sleep(this.#options.intervalMs, undefined, { signal }).catch(() => undefined);
  }
}

async function tryLock(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ held: boolean }>('SELECT pg_try_advisory_lock($1) AS held', [LOCK_ID]);
  return rows[0]?.held ?? false;
}
