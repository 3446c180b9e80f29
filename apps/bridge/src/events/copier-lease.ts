import { Client } from 'pg';

/** Advisory lock of the one process that copies channels to Redis; nothing else in this database uses the number, nor do migrations, which the gateway waits for. */
const lockKey = 0x636f_7079;

/** A lock that the database gives back when its holder dies. */
export class CopierLease {
  readonly #databaseUrl: string;
  #client: Client | undefined;
  #held = false;

  constructor(databaseUrl: string) {
    this.#databaseUrl = databaseUrl;
  }

  /** Holds it or tries to take it. @returns whether this process holds it; false when the database is away */
  async hold(): Promise<boolean> {
    try {
      const client = (this.#client ??= await this.#connect());
      if (this.#held) await client.query('SELECT 1');
      else this.#held = (await client.query<{ held: boolean }>('SELECT pg_try_advisory_lock($1) AS held', [lockKey])).rows[0]!.held;
    } catch {
      await this.release();
    }
    return this.#held;
  }

  async release(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#held = false;
    await client?.end().catch(() => undefined);
  }

  async #connect(): Promise<Client> {
    const client = new Client({ connectionString: this.#databaseUrl, connectionTimeoutMillis: 5_000, keepAlive: true });
    client.on('error', () => void this.release());
    await client.connect();
    return client;
  }
}
