import { type EntryReceipt, type ManifestLink, type ManifestProposal, type ManifestVote } from '@boop/protocol';

export interface StoredProposal {
  readonly proposal: ManifestProposal;
  readonly votes: readonly ManifestVote[];
}

/** An entry of the log for which this node stands; `receipts` are those it knows of, its own included. */
export interface PendingEntry {
  readonly entry: Uint8Array;
  readonly receipts: EntryReceipt[];
}

/** Proposals, votes, the chain of manifests and entries to be written. Contract: a call that resolves is durable, one that throws may be repeated. */
export interface GovernanceStore {
  proposals(): Promise<StoredProposal[]>;
  /** Adds what is missing of a proposal and its votes, and the entries by which this node stands for them: all of it or nothing. */
  addProposal(digest: string, stored: StoredProposal, entries: readonly PendingEntry[]): Promise<void>;
  /** Forgets proposals that can't come up again. */
  removeProposals(digests: readonly string[]): Promise<void>;
  /** Ascending by epoch. */
  links(): Promise<ManifestLink[]>;
  /** Takes the place of one that was stored for that epoch. */
  putLink(link: ManifestLink): Promise<void>;
  /** Those that are not written yet, oldest first; `limit` of them at most. */
  pendingEntries(limit: number): Promise<PendingEntry[]>;
  /** Adds an entry, or receipts to one that is there. */
  addEntry(pending: PendingEntry): Promise<void>;
  /** Of an entry; `undefined` when it is not known. */
  receiptsOf(hash: string): Promise<EntryReceipt[] | undefined>;
  /** Hashes of all that are not written yet. */
  unwritten(): Promise<string[]>;
  /** The log has these entries. */
  markWritten(hashes: readonly string[]): Promise<void>;
}
