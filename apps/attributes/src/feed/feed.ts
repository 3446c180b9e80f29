import { type FeedDocument, feedQuorum, feedReceiptBytes, nextFeedDigest, personOf } from '@boop/identity';
import { type Logger } from '@boop/platform';
import { type FeedOutcome } from '@boop/protocol';
import { BoopError, type Clock } from '@boop/shared';
import { type Nodes } from '../nodes/node-links.ts';
import { gateKey, type ReleaseGate } from '../releases/release-gate.ts';
import { type FeedLog, type FeedLogEntry, type FeedPosition } from './feed-log.ts';
import { NodeReader } from './node-reader.ts';

export const heartbeatMs = 400;
const acknowledgeTimeoutMs = 5_000;

interface FeedInput {
  readonly nodes: Nodes;
  readonly log: FeedLog;
  readonly gate: ReleaseGate;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Five seconds unless said otherwise. */
  readonly acknowledgeTimeoutMs?: number;
}

/** What has become of an entry at the nodes. */
interface Waiting {
  readonly entry: FeedPosition & { readonly document: FeedDocument };
  readonly receipts: Map<number, string>;
  readonly refusals: Map<number, string>;
  readonly settled: Promise<void>;
  resolve(): void;
  reject(error: Error): void;
}

/**
 * One ordered feed of signed documents from here to all nodes. An entry is acknowledged once N − t nodes have it durably: then no release
 * that contradicts it finds 2t+1 nodes (see `feedQuorum`). A node that was away gets what it missed before it hears another heartbeat
 * that counts.
 */
export class Feed {
  readonly #input: FeedInput;
  /** By party. */
  readonly #readers = new Map<number, NodeReader>();
  readonly #waiting = new Map<number, Waiting>();
  #head: FeedPosition;
  #appending: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #forgetting: Promise<void> = Promise.resolve();
  /** Erased documents are still kept, for nodes that had read no further than this; undefined where none are, or while they are being forgotten. */
  #keptFor: number | undefined;

  private constructor(input: FeedInput, head: FeedPosition) {
    this.#input = input;
    this.#head = head;
    this.#openReaders();
  }

  static async open(input: FeedInput): Promise<Feed> {
    return new Feed(input, await input.log.head());
  }

  start(): void {
    this.#timer = setInterval(() => this.beat(), heartbeatMs).unref();
    this.beat();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.allSettled([...[...this.#readers.values()].map((reader) => reader.settled()), this.#appending, this.#forgetting]);
  }

  /** Tells every node how far the feed goes, brings those that are behind up to it, and forgets what the last of them has read meanwhile. */
  beat(): void {
    for (const reader of this.#readers.values()) void reader.beat();
    if (this.#keptFor !== undefined && this.#readByAll() > this.#keptFor) this.forgetErased();
  }

  #readByAll = (): number => Math.min(...[...this.#readers.values()].map(({ read }) => read));

  /**
   * Another manifest is in force: what waits, waits for N − t of its members, and whoever is new among them reads the feed from where it stands.
   * @param stayed parties that are the same nodes as before
   */
  follow(stayed: ReadonlySet<number>): void {
    for (const party of this.#readers.keys()) if (!stayed.has(party)) this.#readers.delete(party);
    this.#openReaders();
    for (const waiting of [...this.#waiting.values()]) {
      for (const words of [waiting.receipts, waiting.refusals]) for (const party of words.keys()) if (!stayed.has(party)) words.delete(party);
      this.#judge(waiting);
    }
    this.beat();
  }

  #openReaders(): void {
    const { nodes, log, clock, logger } = this.#input;
    for (let party = 1; party <= nodes.count; party++) {
      if (this.#readers.has(party)) continue;
      const read = (entries: readonly FeedLogEntry[], outcomes: readonly FeedOutcome[]): void => {
        // What a node says that was replaced meanwhile is not the word of who has its place.
        if (this.#readers.get(party) === reader) this.#noteRead(party, entries, outcomes);
      };
      const reader: NodeReader = new NodeReader({ party, nodes, log, clock, logger, feed: { head: () => this.#head, read } });
      this.#readers.set(party, reader);
    }
  }

  /**
   * Resolves when enough nodes have the document; the same document again is the same entry. A revocation first stops the storage side.
   * @throws BoopError `feed.unacknowledged` (unavailable): it stays in the feed and is told again; the nodes' code when too many refuse it
   */
  async publish(document: FeedDocument): Promise<FeedPosition> {
    const { gate, nodes, log } = this.#input;
    const known = await log.find(document);
    if (known?.settled) return known;
    if (known?.refused !== undefined) throw refusedAs(known.refused);
    if (document.type === 'revocation') await gate.close(gateKey(personOf(document, nodes.networkId), document.document.record.consentId));
    const { seq, digest } = known ?? (await this.#append(document));
    const waiting = this.#wait({ seq, digest, document });
    this.beat();
    if (known) this.#settleRead(waiting);
    await within(this.#input.acknowledgeTimeoutMs ?? acknowledgeTimeoutMs, waiting.settled);
    return { seq, digest };
  }

  /** Numbers and digests follow one another, so entries are added one at a time. */
  async #append(document: FeedDocument): Promise<FeedPosition> {
    const appended = this.#appending.then(async () => {
      const known = await this.#input.log.find(document);
      if (known) return known;
      const next = { seq: this.#head.seq + 1, digest: nextFeedDigest(this.#head.digest, document) };
      await this.#input.log.append(next, document);
      this.#wait({ ...next, document });
      this.#head = next;
      return next;
    });
    this.#appending = appended.catch(() => undefined);
    return await appended;
  }

  #wait({ seq, digest, document }: Waiting['entry']): Waiting {
    const entry = { seq, digest, document };
    const known = this.#waiting.get(entry.seq);
    if (known) return known;
    let resolve = (): void => undefined;
    let reject = (_: Error): void => undefined;
    const settled = new Promise<void>((yes, no) => ([resolve, reject] = [yes, no]));
    settled.catch(() => undefined);
    const waiting: Waiting = { entry, receipts: new Map(), refusals: new Map(), settled, resolve, reject };
    this.#waiting.set(entry.seq, waiting);
    return waiting;
  }

  #noteRead(party: number, entries: readonly FeedLogEntry[], outcomes: readonly FeedOutcome[]): void {
    const { nodes, logger } = this.#input;
    entries.forEach((entry, at) => {
      const outcome = outcomes[at]!;
      const waiting = this.#waiting.get(entry.seq) ?? (entry.settled ? undefined : this.#wait(entry));
      if (!waiting) return;
      if ('refused' in outcome) waiting.refusals.set(party, outcome.refused);
      else if (nodes.verify(party, feedReceiptBytes(nodes.networkId, entry.digest), outcome.receipt)) waiting.receipts.set(party, outcome.receipt);
      else logger.warn('a node confirmed without a valid signature', { party });
      this.#judge(waiting);
    });
  }

  /** After a restart: what the nodes have read they were told before, and their receipts came too late. */
  #settleRead({ entry: { seq }, receipts, resolve, reject }: Waiting): void {
    const { nodes, log } = this.#input;
    if ([...this.#readers.values()].filter(({ read }) => read >= seq).length < feedQuorum(nodes.count, nodes.threshold)) return;
    this.#waiting.delete(seq);
    void log.settle(seq, receipts).then(resolve, reject);
  }

  #judge({ entry: { seq, document }, receipts, refusals, resolve, reject }: Waiting): void {
    const { nodes, log, logger } = this.#input;
    const quorum = feedQuorum(nodes.count, nodes.threshold);
    if (receipts.size >= quorum) {
      this.#waiting.delete(seq);
      void log.settle(seq, receipts).then(resolve, reject);
      if (document.type === 'erasure') this.forgetErased();
    } else if (refusals.size > nodes.count - quorum) {
      this.#waiting.delete(seq);
      const [code] = refusals.values();
      logger.warn('the nodes refuse a document', { code });
      void log.refuse(seq, code!).then(() => reject(refusedAs(code!)), reject);
    }
  }

  /** Empties entries of persons who had themselves erased, as far as all nodes have read them; the rest at a later beat. */
  forgetErased(): void {
    const { log, logger } = this.#input;
    this.#keptFor = undefined;
    this.#forgetting = this.#forgetting
      .then(async () => {
        const readBy = this.#readByAll();
        for (const personId of await log.toForget()) if (!(await log.forget(personId, readBy))) this.#keptFor = readBy;
      })
      .catch((error: unknown) => {
        this.#keptFor = -1;
        logger.warn('erased documents not forgotten yet', { error });
      });
  }
}

const refusedAs = (code: string): BoopError => new BoopError(code, 'the nodes refuse the document');

async function within(timeoutMs: number, task: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new BoopError('feed.unacknowledged', 'too few nodes have confirmed yet', { kind: 'unavailable' })), timeoutMs);
  });
  try {
    await Promise.race([task, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
