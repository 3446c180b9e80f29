import { guarded, noFaults } from '@boop/platform';
import { type EntryReceipt, entryReceiptSchema, logEntryHash, type ManifestLink, manifestLinkSchema, manifestProposalSchema, manifestVoteSchema } from '@boop/protocol';
import { z } from 'zod';
import { column, type Database, type DatabaseReader } from '../store/database.ts';
import { type GovernanceFaultHook } from './fault-points.ts';
import { type GovernanceStore, type PendingEntry, type StoredProposal } from './governance-store.ts';

const receiptsSchema = z.array(entryReceiptSchema);

/** {@link GovernanceStore} on PostgreSQL. */
export class PrismaGovernanceStore implements GovernanceStore {
  readonly #database: Database;
  readonly #faults: GovernanceFaultHook;

  constructor(database: Database, faults: GovernanceFaultHook = noFaults) {
    this.#database = database;
    this.#faults = faults;
  }

  async proposals(): Promise<StoredProposal[]> {
    const rows = await this.#database.manifestProposal.findMany({ include: { votes: true }, orderBy: { digest: 'asc' } });
    return rows.map(({ proposal, votes }) => ({ proposal: manifestProposalSchema.parse(proposal), votes: votes.map(({ vote }) => manifestVoteSchema.parse(vote)) }));
  }

  async addProposal(digest: string, { proposal, votes }: StoredProposal, entries: readonly PendingEntry[]): Promise<void> {
    const write = async (transaction: DatabaseReader): Promise<void> => {
      await transaction.manifestProposal.createMany({ data: [{ digest, proposal }], skipDuplicates: true });
      await transaction.manifestVote.createMany({ data: votes.map((vote) => ({ digest, party: vote.party, decision: vote.decision, vote })), skipDuplicates: true });
      for (const entry of entries) await addEntry(transaction, entry);
    };
    await guarded(this.#faults, 'proposal.add', () => this.#database.$transaction(write));
  }

  async removeProposals(digests: readonly string[]): Promise<void> {
    await guarded(this.#faults, 'proposal.remove', () => this.#database.manifestProposal.deleteMany({ where: { digest: { in: [...digests] } } }));
  }

  async links(): Promise<ManifestLink[]> {
    return (await this.#database.manifestLink.findMany({ orderBy: { epoch: 'asc' } })).map(({ link }) => manifestLinkSchema.parse(link));
  }

  async putLink(link: ManifestLink): Promise<void> {
    const { epoch } = link.proposal.manifest;
    await guarded(this.#faults, 'manifest.link', () => this.#database.manifestLink.upsert({ where: { epoch }, create: { epoch, link }, update: { link } }));
  }

  async pendingEntries(limit: number): Promise<PendingEntry[]> {
    const rows = await this.#database.pendingEntry.findMany({ where: { written: false }, orderBy: { id: 'asc' }, take: limit });
    return rows.map(({ entry, receipts }) => ({ entry, receipts: receiptsSchema.parse(receipts) }));
  }

  async addEntry(pending: PendingEntry): Promise<void> {
    await guarded(this.#faults, 'entry.add', () => this.#database.$transaction((transaction) => addEntry(transaction, pending)));
  }

  async receiptsOf(hash: string): Promise<EntryReceipt[] | undefined> {
    const row = await this.#database.pendingEntry.findUnique({ where: { hash }, select: { receipts: true } });
    return row ? receiptsSchema.parse(row.receipts) : undefined;
  }

  async unwritten(): Promise<string[]> {
    return (await this.#database.pendingEntry.findMany({ where: { written: false }, select: { hash: true } })).map(({ hash }) => hash);
  }

  async markWritten(hashes: readonly string[]): Promise<void> {
    await guarded(this.#faults, 'entry.written', () => this.#database.pendingEntry.updateMany({ where: { hash: { in: [...hashes] } }, data: { written: true } }));
  }
}

async function addEntry(transaction: DatabaseReader, { entry, receipts }: PendingEntry): Promise<void> {
  const hash = logEntryHash(entry);
  await transaction.pendingEntry.createMany({ data: [{ hash, entry: column(entry), receipts: [], written: false }], skipDuplicates: true });
  // Whoever adds receipts at the same moment waits.
  await transaction.$queryRaw`SELECT 1 FROM pending_entries WHERE hash = ${hash} FOR UPDATE`;
  const known = receiptsSchema.parse((await transaction.pendingEntry.findUniqueOrThrow({ where: { hash } })).receipts);
  const added = receipts.filter(({ party }) => !known.some((receipt) => receipt.party === party));
  if (added.length > 0) await transaction.pendingEntry.update({ where: { hash }, data: { receipts: [...known, ...added] } });
}
