import { type TreeHead } from '@boop/log';
import { type LedgerDatabase } from '../store/database.ts';
import { type WitnessStore } from './witness.ts';

export class PrismaWitnessStore implements WitnessStore {
  readonly #database: LedgerDatabase;

  constructor(database: LedgerDatabase) {
    this.#database = database;
  }

  async head(origin: string): Promise<TreeHead | undefined> {
    const [row] = await this.#database.prisma.$queryRaw<{ size: bigint; root: Uint8Array }[]>`SELECT size, root FROM witnessed_logs WHERE origin = ${origin}`;
    return row && { size: Number(row.size), root: row.root };
  }

  async advance(origin: string, oldSize: number, { size, root }: TreeHead): Promise<boolean> {
    // One statement, so one atomic step: a row that is not there counts as size 0.
    const changed = await this.#database.guard(
      'witness.head',
      () => this.#database.prisma.$executeRaw`
        INSERT INTO witnessed_logs (origin, size, root) SELECT ${origin}, ${BigInt(size)}, ${root}
        WHERE ${BigInt(oldSize)} = 0 OR EXISTS (SELECT 1 FROM witnessed_logs WHERE origin = ${origin})
        ON CONFLICT (origin) DO UPDATE SET size = EXCLUDED.size, root = EXCLUDED.root WHERE witnessed_logs.size = ${BigInt(oldSize)}`,
    );
    return changed === 1;
  }
}
