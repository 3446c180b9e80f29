import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { emptyFeedDigest, type FeedDocument, feedReceiptBytes, nextFeedDigest, personOf } from '@boop/identity';
import { silentLogger } from '@boop/platform';
import { fromBase64Url, toBase64Url } from '@boop/shared';
import { type Nodes } from '../nodes/node-links.ts';
import { gateKey, ReleaseGate } from '../releases/release-gate.ts';
import { Feed } from './feed.ts';
import { type FeedLog, type FeedLogEntry } from './feed-log.ts';

const keys = Array.from({ length: 7 }, () => generateKeyPairSync('ed25519'));

/** A feed in memory; documents are what the test calls them. */
class MemoryLog implements FeedLog {
  readonly entries: (FeedLogEntry & { receipts: number })[] = [];
  head = async () => ({ seq: this.entries.length, digest: this.entries.at(-1)?.digest ?? emptyFeedDigest });
  after = async (seq: number, limit: number) => this.entries.slice(seq, seq + limit);
  digestAt = async (seq: number) => (seq === 0 ? emptyFeedDigest : this.entries[seq - 1]?.digest);
  find = async (document: FeedDocument) => this.entries.find((entry) => entry.document === document);
  append = async (position: { seq: number; digest: string }, document: FeedDocument) => void this.entries.push({ ...position, document, settled: false, refused: undefined, receipts: 0 });
  settle = async (seq: number, receipts: ReadonlyMap<number, string>) => this.#set(seq, { settled: true, receipts: receipts.size });
  refuse = async (seq: number, code: string) => this.#set(seq, { refused: code });
  /** Up to where erased documents were forgotten, call by call. */
  readonly forgotten: number[] = [];
  forget = async (_: string, readBy: number) => {
    this.forgotten.push(readBy);
    return readBy >= this.entries.length;
  };
  revoked = async () => [];
  toForget = async () => (this.entries.some(({ document: { type } }) => type === 'erasure') && this.forgotten.at(-1) !== this.entries.length ? ['person'] : []);
  #set(seq: number, changes: Partial<FeedLogEntry & { receipts: number }>): void {
    this.entries[seq - 1] = { ...this.entries[seq - 1]!, ...changes };
  }
}

/** Nodes that read whatever they are given. */
class ReadingNodes {
  count = 5;
  readonly down = new Set<number>();
  /** Code with which a node refuses everything. */
  readonly refusing = new Map<number, string>();
  /** Nodes whose receipts are signed with another's key. */
  readonly forging = new Set<number>();
  readonly read = new Map<number, { seq: number; digest: string }>();
  readonly heard: [number, number][] = [];
  readonly nodes = Object.defineProperty({
    networkId: 'net',
    threshold: 1,
    live: () => Array.from({ length: this.count }, (_, at) => at + 1).filter((party) => !this.down.has(party)),
    ask: async (party: number, method: string, body: never) => await this.#answer(party, method, body),
    verify: (party: number, bytes: Uint8Array, signature: string) => verify(null, bytes, keys[party - 1]!.publicKey, fromBase64Url(signature)),
  }, 'count', { get: () => this.count }) as unknown as Nodes;

  async #answer(party: number, method: string, body: { seq: number; documents: FeedDocument[] }): Promise<unknown> {
    const position = this.read.get(party) ?? { seq: 0, digest: emptyFeedDigest };
    if (method === 'feed.heartbeat') {
      this.heard.push([party, body.seq]);
      return position;
    }
    const outcomes = body.documents.map((document) => {
      position.seq += 1;
      position.digest = nextFeedDigest(position.digest, document);
      const refused = this.refusing.get(party);
      const { privateKey } = keys[this.forging.has(party) ? party % 5 : party - 1]!;
      return refused === undefined ? { receipt: toBase64Url(new Uint8Array(sign(null, feedReceiptBytes('net', position.digest), privateKey))) } : { refused };
    });
    this.read.set(party, position);
    return { ...position, outcomes };
  }
}

const document = (type: 'grant' | 'revocation' | 'erasure', consentId: string) => ({ type, document: { record: { consentId, accountKey: toBase64Url(new Uint8Array(32)) } } }) as unknown as FeedDocument;
let side: ReadingNodes;
let log: MemoryLog;
let gate: ReleaseGate;
let feed: Feed;
const open = async (acknowledgeTimeoutMs = 120_000) => await Feed.open({ nodes: side.nodes, log, gate, clock: { nowMs: () => 0 }, logger: silentLogger, acknowledgeTimeoutMs });

beforeEach(async () => {
  [side, log, gate] = [new ReadingNodes(), new MemoryLog(), new ReleaseGate()];
  feed = await open();
});

describe('the feed', () => {
  test('acknowledges what N − t nodes have confirmed, and the same document only once', async () => {
    side.down.add(5);
    const grant = document('grant', 'c1');
    await expect(feed.publish(grant)).resolves.toMatchObject({ seq: 1 });
    await expect(feed.publish(grant)).resolves.toMatchObject({ seq: 1 });
    expect(log.entries).toMatchObject([{ settled: true, receipts: 4 }]);
  });

  test('acknowledges nothing that fewer have, and all of it once they are up', async () => {
    feed = await open(100);
    for (const party of [4, 5]) side.down.add(party);
    const revocation = document('revocation', 'c1');
    await expect(feed.publish(revocation)).rejects.toMatchObject({ code: 'feed.unacknowledged', kind: 'unavailable' });
    // The storage side is closed already.
    expect(gate.isClosed(gateKey(personOf(revocation, 'net'), 'c1'))).toBe(true);
    side.down.clear();
    feed = await open();
    feed.beat();
    await feed.stop();
    await expect(feed.publish(revocation)).resolves.toMatchObject({ seq: 1 });
    expect(log.entries).toHaveLength(1);
  }, 120_000);

  test('forgets what was erased once the last node has read it, however late, and also when the database was away', async () => {
    side.down.add(5);
    await feed.publish(document('grant', 'c1'));
    await feed.publish(document('erasure', 'c1'));
    await feed.stop();
    expect(log.forgotten).toEqual([0]);
    feed.beat();
    await feed.stop();
    expect(log.forgotten).toEqual([0]);
    side.down.clear();
    const { forget } = log;
    log.forget = async () => await Promise.reject(new Error('away'));
    for (let beats = 0; beats < 3; beats++) {
      feed.beat();
      await feed.stop();
    }
    log.forget = forget;
    feed.beat();
    await feed.stop();
    expect(log.forgotten).toEqual([0, 2]);
    feed.beat();
    await feed.stop();
    expect(log.forgotten).toEqual([0, 2]);
  });

  test('does not count a confirmation that its node did not sign', async () => {
    feed = await open(100);
    for (const party of [1, 2]) side.forging.add(party);
    await expect(feed.publish(document('grant', 'c1'))).rejects.toMatchObject({ code: 'feed.unacknowledged' });
    expect(log.entries[0]!.settled).toBe(false);
  }, 120_000);

  test('tells with what code too many nodes refuse, also when asked again; one that refuses alone counts for nothing', async () => {
    side.refusing.set(1, 'grant.malformed');
    await expect(feed.publish(document('grant', 'c1'))).resolves.toMatchObject({ seq: 1 });
    side.refusing.set(2, 'grant.malformed');
    const refused = document('grant', 'c2');
    for (let i = 0; i < 2; i++) await expect(feed.publish(refused)).rejects.toMatchObject({ code: 'grant.malformed', kind: 'rejected' });
    expect(log.entries).toHaveLength(2);
  });

  test('keeps one order for documents that come at once', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, at) => feed.publish(document('grant', `c${at}`))));
    expect(log.entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));
    expect(new Set([...side.read.values()].map(({ digest }) => digest))).toEqual(new Set([log.entries.at(-1)!.digest]));
  });

  test('gives a node that was away what it missed, and then tells it how far the feed goes', async () => {
    side.down.add(3);
    for (let i = 0; i < 70; i++) await feed.publish(document('grant', `c${i}`));
    side.down.clear();
    feed.beat();
    await feed.stop();
    expect(side.read.get(3)).toEqual({ seq: 70, digest: log.entries.at(-1)!.digest });
    expect(side.heard.filter(([party]) => party === 3).at(-1)).toEqual([3, 70]);
  });

  test('gives nothing to a node that has read another feed', async () => {
    side.read.set(2, { seq: 1, digest: toBase64Url(new Uint8Array(32).fill(7)) });
    await feed.publish(document('grant', 'c1'));
    await feed.publish(document('grant', 'c2'));
    await feed.stop();
    expect(side.read.get(2)!.seq).toBe(1);
  });

  test('settles after a restart what the nodes had read before', async () => {
    feed = await open(100);
    for (const party of [4, 5]) side.down.add(party);
    const grant = document('grant', 'c1');
    await expect(feed.publish(grant)).rejects.toMatchObject({ code: 'feed.unacknowledged' });
    side.down.clear();
    feed = await open();
    feed.beat();
    await feed.stop();
    await expect(feed.publish(grant)).resolves.toMatchObject({ seq: 1 });
  }, 120_000);
});

describe('the feed, when other nodes come into force', () => {
  const pending = async (): Promise<FeedDocument> => {
    feed = await open(100);
    for (const party of [4, 5]) side.down.add(party);
    const grant = document('grant', 'c1');
    await expect(feed.publish(grant)).rejects.toMatchObject({ code: 'feed.unacknowledged' });
    await feed.stop();
    return grant;
  };
  /** Everybody has read what there is, as far as they are up. */
  const told = async (stayed: readonly number[]): Promise<void> => {
    feed.follow(new Set(stayed));
    await feed.stop();
  };

  test('does not count what somebody said who was replaced, and gives the newcomer all of it', async () => {
    const grant = await pending();
    side.read.delete(3);
    side.down.delete(4);
    side.down.add(3);
    await told([1, 2, 4, 5]);
    // Nodes 1, 2 and 4 have it, and who was in the third place.
    await expect(feed.publish(grant)).rejects.toMatchObject({ code: 'feed.unacknowledged' });
    expect(log.entries).toMatchObject([{ settled: false }]);
    side.down.delete(3);
    feed.beat();
    await feed.stop();
    expect(side.read.get(3)).toEqual({ seq: 1, digest: log.entries[0]!.digest });
    expect(log.entries).toMatchObject([{ settled: true, receipts: 4 }]);
  });

  test('waits for as many of them as it takes now', async () => {
    await pending();
    side.count = 7;
    side.down.delete(4);
    side.down.add(7);
    await told([1, 2, 3, 4, 5]);
    expect([...side.read.keys()].sort()).toEqual([1, 2, 3, 4, 6]);
    expect(log.entries).toMatchObject([{ settled: false }]);
    side.count = 5;
    await told([1, 2, 3, 4, 5]);
    expect(log.entries).toMatchObject([{ settled: true, receipts: 4 }]);
    side.heard.splice(0);
    feed.beat();
    await feed.stop();
    expect(side.heard.map(([party]) => party)).not.toContain(6);
  });
});
