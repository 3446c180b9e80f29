import { PrismaPg } from '@prisma/adapter-pg';
import { type Prisma, PrismaClient } from '../generated/prisma/client.ts';
import { type AccountFaultHook, type AccountFaultPoint } from './fault-points.ts';

export type Transaction = Prisma.TransactionClient;
/** Bytes as Prisma's types want them. */
export type Bytes = Uint8Array<ArrayBuffer>;

const CONNECTIONS = { max: 6, connectionTimeoutMillis: 5_000, statement_timeout: 20_000, query_timeout: 22_000 } as const;
const TRANSACTION_LIMITS = { maxWait: 10_000, timeout: 30_000 } as const;

/** Connections of the accounts' own, so that a flood of transfers leaves the log's alone. Commits are durable (`synchronous_commit = on`). */
export class AccountsDatabase {
  readonly prisma: PrismaClient;
  readonly #faults: AccountFaultHook | undefined;

  constructor(databaseUrl: string, faults?: AccountFaultHook) {
    this.prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: databaseUrl, ...CONNECTIONS }) });
    this.#faults = faults;
  }

  async guard<T>(point: AccountFaultPoint, write: () => Promise<T>): Promise<T> {
    if (!this.#faults) return await write();
    await this.#faults(point, 'before');
    const result = await write();
    await this.#faults(point, 'after');
    return result;
  }

  /** All of `work` or nothing. @param commit fault point of its end */
  async transact<T>(commit: AccountFaultPoint, work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const result = await this.prisma.$transaction(async (transaction) => {
      const done = await work(transaction);
      await this.#faults?.(commit, 'before');
      return done;
    }, TRANSACTION_LIMITS);
    await this.#faults?.(commit, 'after');
    return result;
  }

  async close(): Promise<void> {
    await this.prisma.$disconnect();
  }
}
