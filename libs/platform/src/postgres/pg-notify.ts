import { BoopError } from '@boop/shared';
import { Client, escapeIdentifier } from 'pg';
import { Backoff } from '../link/backoff.ts';
import { type Logger, silentLogger } from '../logging/logger.ts';

/** PostgreSQL's limit for a notification's payload is 8,000 bytes. */
export const NOTIFY_BYTES_MAX = 7_999;

type Handler = (payload: string) => void;

/**
 * LISTEN and NOTIFY over one connection that comes back by itself. Notifications are hints: those sent while the connection was down are lost, so
 * after every (re)connection `onReconnect` fires and readers look at the tables again.
 */
export class PgNotify {
  readonly #url: string;
  readonly #log: Logger;
  readonly #onReconnect: () => void;
  readonly #handlers = new Map<string, Set<Handler>>();
  readonly #backoff = new Backoff();
  #client: Client | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(options: PgNotifyOptions) {
    this.#url = options.databaseUrl;
    this.#log = options.log ?? silentLogger;
    this.#onReconnect = options.onReconnect ?? (() => undefined);
  }

  /** Resolves once connected. @throws the driver's error when the first connection fails */
  static async connect(options: PgNotifyOptions): Promise<PgNotify> {
    const notify = new PgNotify(options);
    try {
      await notify.#connect();
    } catch (error) {
      await notify.close();
      throw error;
    }
    return notify;
  }

  get connected(): boolean {
    return this.#client !== undefined;
  }

  /** @returns a function that ends the subscription */
  async listen(channel: string, handler: Handler): Promise<() => Promise<void>> {
    const handlers = this.#handlers.get(channel) ?? new Set();
    const first = handlers.size === 0;
    handlers.add(handler);
    this.#handlers.set(channel, handlers);
    if (first) await this.#client?.query(`LISTEN ${escapeIdentifier(channel)}`);
    return async () => {
      handlers.delete(handler);
      if (handlers.size > 0 || this.#handlers.get(channel) !== handlers) return;
      this.#handlers.delete(channel);
      await this.#client?.query(`UNLISTEN ${escapeIdentifier(channel)}`).catch(() => undefined);
    };
  }

  /** @throws BoopError `notify.too-large`, `notify.unavailable` */
  async notify(channel: string, payload: string): Promise<void> {
    if (Buffer.byteLength(payload) > NOTIFY_BYTES_MAX) throw new BoopError('notify.too-large', 'a notification holds at most 7,999 bytes');
    if (!this.#client) throw new BoopError('notify.unavailable', 'the database is not connected', { kind: 'unavailable' });
    await this.#client.query('SELECT pg_notify($1, $2)', [channel, payload]);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    const client = this.#client;
    this.#client = undefined;
    await client?.end();
  }

  async #connect(): Promise<void> {
    const client = new Client({ connectionString: this.#url, keepAlive: true, connectionTimeoutMillis: 5_000 });
    client.on('error', (error) => this.#log.warn('notification connection failed', { error }));
    client.on('end', () => this.#lose(client));
    client.on('notification', ({ channel, payload }) => {
      for (const handler of this.#handlers.get(channel) ?? []) handler(payload ?? '');
    });
    await client.connect();
    for (const channel of this.#handlers.keys()) await client.query(`LISTEN ${escapeIdentifier(channel)}`);
    if (this.#closed) return await client.end();
    this.#client = client;
    this.#backoff.reset();
    this.#onReconnect();
  }

  #lose(client: Client): void {
    if (this.#client === client) this.#client = undefined;
    if (this.#closed || this.#client) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.#connect().catch((error: unknown) => {
        this.#log.warn('notification connection failed', { error });
        this.#lose(client);
      });
    }, this.#backoff.nextDelayMs());
  }
}

export interface PgNotifyOptions {
  readonly databaseUrl: string;
  /** Also called after the first connection. */
  readonly onReconnect?: () => void;
  readonly log?: Logger;
}
