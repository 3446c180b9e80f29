import { PrismaPg } from '@prisma/adapter-pg';

type Connection = Awaited<ReturnType<PrismaPg['connect']>>;
type Transaction = Awaited<ReturnType<Connection['startTransaction']>>;

/** Where to fail: at the n-th statement of a transaction (BEGIN and COMMIT count), before it runs or after. */
export interface Fault {
  readonly at: number;
  readonly when: 'before' | 'after';
}

/** A PostgreSQL adapter that loses its connection once. */
export class FaultyAdapter extends PrismaPg {
  fault: Fault | undefined;
  /** Whether the fault has happened. */
  struck = false;

  override async connect(): Promise<Connection> {
    const connection = await super.connect();
    const startTransaction = connection.startTransaction.bind(connection);
    connection.startTransaction = async (isolation) => this.#spoil(await startTransaction(isolation));
    return connection;
  }

  #spoil(transaction: Transaction): Transaction {
    let count = 0;
    const spoiled = <Args extends unknown[], R>(run: (...args: Args) => Promise<R>) => async (...args: Args): Promise<R> => {
      const hit = !this.struck && this.fault !== undefined && count++ === this.fault.at;
      if (hit) this.struck = true;
      if (hit && this.fault?.when === 'before') throw new Error('connection lost');
      const result = await run(...args);
      if (hit) throw new Error('connection lost');
      return result;
    };
    transaction.queryRaw = spoiled(transaction.queryRaw.bind(transaction));
    transaction.executeRaw = spoiled(transaction.executeRaw.bind(transaction));
    return transaction;
  }
}
