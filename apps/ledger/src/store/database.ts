import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { guarded, noFaults, unavailableIfDriverFails } from '@boop/platform';
import { type FaultHook, type FaultPoint } from '../faults/fault-points.ts';
import { type Prisma, PrismaClient } from '../generated/prisma/client.ts';

type Adapter = NonNullable<ConstructorParameters<typeof PrismaClient>[0]['adapter']>;
/** Runs one write under its fault point. */
export type Guard = <T>(point: FaultPoint, write: () => Promise<T>) => Promise<T>;
/** Bytes as Prisma's types want them. */
export type Bytes = Uint8Array<ArrayBuffer>;

const CONNECTIONS = { max: 8, connectionTimeoutMillis: 5_000, statement_timeout: 10_000, query_timeout: 12_000 } as const;
const TRANSACTION_LIMITS = { maxWait: 5_000, timeout: 15_000 } as const;

/** The ledger's PostgreSQL, shared by its stores; the default `synchronous_commit = on` makes a commit durable. */
export class LedgerDatabase {
  readonly prisma: PrismaClient;
  readonly #pool: pg.Pool;
  readonly #faults: FaultHook;

  /** @param pool closed with this @param adapter default: on the pool */
  constructor(pool: pg.Pool, faults: FaultHook = noFaults, adapter: Adapter = new PrismaPg(pool)) {
    this.#pool = pool;
    this.#faults = faults;
    this.prisma = new PrismaClient({ adapter });
    // An idle connection was lost: the next query opens another.
    pool.on('error', () => undefined);
  }

  static open(databaseUrl: string, faults: FaultHook = noFaults): LedgerDatabase {
    return new LedgerDatabase(new pg.Pool({ connectionString: databaseUrl, ...CONNECTIONS }), faults);
  }

  /**
   * A read by a prepared statement, past Prisma: for what is asked so often that planning and converting it would count.
   * Types are those of `pg`: bigint as a string, bytea as a Buffer. @throws BoopError `service.unavailable` while PostgreSQL is away
   */
  async prepared<Row extends object>(name: string, text: string, values: readonly unknown[]): Promise<Row[]> {
    try {
      return (await this.#pool.query<Row>({ name, text, values: [...values] })).rows;
    } catch (error) {
      throw unavailableIfDriverFails(error);
    }
  }

  readonly guard: Guard = async (point, write) => await guarded(this.#faults, point, write);

  /** All of `work` or nothing; `commit` is the fault point of its end. */
  async transact(commit: FaultPoint, work: (transaction: Prisma.TransactionClient) => Promise<void>): Promise<void> {
    await this.prisma.$transaction(async (transaction) => {
      await work(transaction);
      await this.#faults(commit, 'before');
    }, TRANSACTION_LIMITS);
    await this.#faults(commit, 'after');
  }

  async close(): Promise<void> {
    await this.prisma.$disconnect();
    await this.#pool.end();
  }
}
