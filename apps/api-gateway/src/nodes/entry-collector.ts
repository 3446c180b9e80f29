import { type Logger } from '@boop/platform';
import { entryReceiptBytes, type EntryReceipt, logEntryHash, type NetworkManifest, parseLogEntry } from '@boop/protocol';
import { fromBase64Url, isBoopError } from '@boop/shared';
import { type VerifyEd25519 } from '../domain/check-answer.ts';
import { type OutboxEntry } from '../domain/events.ts';
import { type NodeAnswer } from './node-link.ts';
import { type NodePool } from './node-pool.ts';

const periodMs = 5_000;
const timeoutMs = 3_000;

interface Collected {
  readonly entry: Uint8Array;
  readonly receipts: Map<number, EntryReceipt>;
}

/**
 * Entries of the log about the network itself, which nodes keep until the log has them: gathers their receipts and puts an entry into the outbox once t+1
 * members of its epoch vouch for it.
 */
export class EntryCollector {
  readonly #with: { nodes: Pick<NodePool, 'live' | 'ask'>; manifestAt: (epoch: number) => NetworkManifest | undefined; verify: VerifyEd25519; send: (entries: readonly OutboxEntry[]) => Promise<void>; log: Logger };
  /** Hashes of what this process has put into the outbox; the ledger takes an entry once however often it comes. */
  readonly #sent = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #working = false;

  constructor(dependencies: { nodes: Pick<NodePool, 'live' | 'ask'>; manifestAt: (epoch: number) => NetworkManifest | undefined; verify: VerifyEd25519; send: (entries: readonly OutboxEntry[]) => Promise<void>; log: Logger }) {
    this.#with = dependencies;
  }

  start(): void {
    this.#timer = setInterval(() => void this.collect(), periodMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async collect(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    const { nodes, send, log } = this.#with;
    try {
      const answers = await Promise.all(nodes.live().map(async (party) => await nodes.ask(party, 'epoch.current', {}, timeoutMs).catch(() => undefined)));
      const ready = this.#vouched(answers.flatMap((answer) => answer?.entries ?? []));
      if (ready.length === 0) return;
      await send(ready);
      for (const { entryHash } of ready) this.#sent.add(entryHash);
    } catch (error) {
      log.warn('entries of the nodes were not collected', { code: isBoopError(error) ? error.code : 'internal' });
    } finally {
      this.#working = false;
    }
  }

  #vouched(told: NodeAnswer<'epoch.current'>['entries']): OutboxEntry[] {
    const collected = new Map<string, Collected>();
    for (const { entry, receipts } of told) {
      const hash = logEntryHash(entry);
      if (this.#sent.has(hash)) continue;
      const known = collected.get(hash) ?? { entry, receipts: new Map<number, EntryReceipt>() };
      collected.set(hash, known);
      for (const receipt of receipts) if (!known.receipts.has(receipt.party) && this.#holds(entry, receipt)) known.receipts.set(receipt.party, receipt);
    }
    return [...collected].flatMap(([entryHash, { entry, receipts }]) => {
      const manifest = this.#manifestOf(entry);
      return manifest && receipts.size > manifest.threshold ? [{ entry, entryHash, receipts: [...receipts.values()].sort((a, b) => a.party - b.party) }] : [];
    });
  }

  #holds(entry: Uint8Array, { party, signature }: EntryReceipt): boolean {
    const member = this.#manifestOf(entry)?.members[party - 1];
    return member !== undefined && this.#with.verify(fromBase64Url(member.identityKey), entryReceiptBytes(entry), fromBase64Url(signature));
  }

  #manifestOf(bytes: Uint8Array): NetworkManifest | undefined {
    try {
      return this.#with.manifestAt(parseLogEntry(bytes).epoch);
    } catch {
      return undefined;
    }
  }
}
