import { type Database } from './database.ts';
import { type Evidence, type EvidenceStore } from './ports.ts';

const kept = 1000n;

export class PrismaEvidenceStore implements EvidenceStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async add({ session, atMs, named, suspects, document }: Evidence): Promise<void> {
    const { id } = await this.#database.evidence.create({ data: { session, at: new Date(atMs), named: [...named], suspects: [...suspects], document } });
    await this.#database.evidence.deleteMany({ where: { id: { lte: id - kept } } });
  }

  async named(): Promise<ReadonlyMap<number, number>> {
    const counts = new Map<number, number>();
    for (const { named } of await this.#database.evidence.findMany({ select: { named: true } })) for (const party of named) counts.set(party, (counts.get(party) ?? 0) + 1);
    return counts;
  }
}
