import { type EntryReceipt, entryReceiptBytes, logEntryHash } from '@boop/protocol';
import { type PartyId, toBase64Url } from '@boop/shared';
import { type GovernanceStore, type PendingEntry } from './governance-store.ts';

/** Entries that one answer tells at most. */
const toldMax = 64;

/**
 * Entries of the log about the network itself. Each node keeps those for which it stands until the log has them, so that none is lost with the node that led
 * a change; gateways collect the receipts and append, and appending one again changes nothing.
 */
export class PendingEntries {
  readonly #self: PartyId;
  readonly #store: GovernanceStore;
  /** Hashes of those that are not known to be written. */
  readonly #waiting = new Set<string>();
  readonly #signIdentity: (bytes: Uint8Array) => Uint8Array;

  constructor(input: { self: PartyId; store: GovernanceStore; signIdentity: (bytes: Uint8Array) => Uint8Array }) {
    this.#self = input.self;
    this.#store = input.store;
    this.#signIdentity = input.signIdentity;
  }

  /** Takes up what an earlier process left. */
  async load(): Promise<void> {
    for (const hash of await this.#store.unwritten()) this.#waiting.add(hash);
  }

  /** This node's word that it saw what the entry says. */
  vouch(entry: Uint8Array): PendingEntry {
    return { entry, receipts: [{ party: this.#self, signature: toBase64Url(this.#signIdentity(entryReceiptBytes(entry))) }] };
  }

  /** This node saw what the entry says. Durable when it resolves; writes nothing when it stands for it already. */
  async stand(entry: Uint8Array): Promise<void> {
    const known = await this.#store.receiptsOf(logEntryHash(entry));
    if (!known?.some(({ party }) => party === this.#self)) await this.add(entry, this.vouch(entry).receipts);
  }

  /** Entries that were stored together with what they tell. */
  stored(entries: readonly PendingEntry[]): void {
    for (const { entry } of entries) this.#waiting.add(logEntryHash(entry));
  }

  /** Receipts that hold. */
  async add(entry: Uint8Array, receipts: readonly EntryReceipt[]): Promise<void> {
    await this.#store.addEntry({ entry, receipts: [...receipts] });
    this.#waiting.add(logEntryHash(entry));
  }

  /** Whether this node knows the entry, written or not. */
  async has(entry: Uint8Array): Promise<boolean> {
    return (await this.#store.receiptsOf(logEntryHash(entry))) !== undefined;
  }

  async list(): Promise<PendingEntry[]> {
    const pending = await this.#store.pendingEntries(toldMax);
    for (const { entry } of pending) this.#waiting.add(logEntryHash(entry));
    return pending;
  }

  /** The log has these entries, among others. */
  async written(entries: readonly Uint8Array[]): Promise<void> {
    if (this.#waiting.size === 0) return;
    const written = entries.map(logEntryHash).filter((hash) => this.#waiting.has(hash));
    if (written.length === 0) return;
    await this.#store.markWritten(written);
    for (const hash of written) this.#waiting.delete(hash);
  }
}
