import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { appendEntries, consistencyProof, emptyTreeHead, formatCheckpoint, formatCosignature, type Tile, tilePath, type TileReader, type TreeHead, verifyCosignature } from '@boop/log';
import { silentLogger } from '@boop/platform';
import { type PartyId, utf8 } from '@boop/shared';
import { runSimulation, seededRng } from '@boop/testing';
import { aggregate, verifySignature } from '@boop/threshold';
import { dealtRings } from '../testing/dealt-keys.ts';
import { MemoryStores } from '../testing/memory-stores.ts';
import { StatementMill } from '../testing/statements.ts';
import { CheckpointService } from './checkpoint-service.ts';
import { appendTo, emptyFrontier } from './frontier.ts';
import { type KeyRing } from './key-ring.ts';

const rng = seededRng(8);
const mill = new StatementMill({ nodes: 3, threshold: 1 }, rng);
const origin = 'boop.test/log';
const network = { networkId: 'boop-test', logOrigin: origin };
const parties = [1, 2, 3] as PartyId[];

/** A growing log of one-byte entries; `fork` gives it another history. */
interface TestLog {
  readonly heads: Map<number, TreeHead>;
  readonly entries: readonly Uint8Array[];
  readonly proof: (from: number, to: number) => Promise<Uint8Array[]>;
}

async function logOf(sizes: readonly number[], fork = 0): Promise<TestLog> {
  const all: Uint8Array[] = [];
  const tiles = new Map<string, Uint8Array>();
  const reader: TileReader = { read: async (tile: Tile) => tiles.get(tilePath(tile))! };
  const heads = new Map<number, TreeHead>([[0, emptyTreeHead()]]);
  let head = emptyTreeHead();
  for (const size of sizes) {
    const entries = Array.from({ length: size - head.size }, (_, at) => Uint8Array.of(fork, head.size + at));
    const growth = await appendEntries(reader, head, entries);
    for (const { path, bytes } of growth.writes) tiles.set(path, bytes);
    all.push(...entries);
    head = growth.head;
    heads.set(size, head);
  }
  return { heads, entries: all, proof: async (from, to) => (from === 0 || from === to ? [] : await consistencyProof(reader, from, to)) };
}

let rings: KeyRing[];
let log: TestLog;
let stores: MemoryStores[];
let services: CheckpointService[];
let nowMs: number;

const start = async (party: number): Promise<void> => {
  const service = new CheckpointService({ self: party as PartyId, network, signIdentity: (message) => mill.custodies[party - 1]!.signIdentity(message), ring: rings[party - 1]!, store: stores[party - 1]!.checkpoints, clock: { nowMs: () => nowMs }, rng, log: silentLogger });
  await service.load();
  services[party - 1] = service;
};
const frontierAt = (entries: readonly Uint8Array[], size: number): readonly Uint8Array[] => appendTo(emptyFrontier(), entries.slice(0, size)).hashes;
const read = async (party: number, size: number, source = log, from = services[party - 1]!.head().read) =>
  await services[party - 1]!.read({ origin, from, frontier: [...frontierAt(source.entries, from)], entries: source.entries.slice(from, size), transitions: [] });
const propose = async (party: number, size: number, source = log, fromSize = services[party - 1]!.head().size) =>
  await services[party - 1]!.commit({ origin, size, root: source.heads.get(size)!.root, fromSize, consistency: await source.proof(Math.min(fromSize, size), size) });
/** Reads and commits, as far as there is something to read. */
async function commit(party: number, size: number, source = log, fromSize?: number) {
  if (services[party - 1]!.head().read < size) await read(party, size, source);
  return await propose(party, size, source, fromSize);
}

beforeAll(async () => {
  rings = await dealtRings(runSimulation, mill.custodies, mill.members, ['log'], 3, rng);
  log = await logOf([3, 5, 8]);
});

beforeEach(async () => {
  nowMs = 1_000_000;
  stores = parties.map(() => new MemoryStores());
  services = [];
  for (const party of parties) await start(party);
});

describe('a checkpoint', () => {
  test('is signed by all, one size after another', async () => {
    for (const size of [3, 5, 8]) {
      const first = await Promise.all(parties.map((party) => commit(party, size)));
      const commitments = first.map(({ party, commitment }) => ({ party, commitment }));
      const shares = new Map(first.map(({ party, attempt }) => [party as PartyId, services[party - 1]!.sign({ attempt, commitments }).share]));
      const message = utf8(formatCheckpoint({ origin, ...log.heads.get(size)! }));
      const { group } = rings[0]!.get('log');
      const signature = aggregate(group, new Map(commitments.map(({ party, commitment }) => [party as PartyId, commitment])), message, shares);
      expect(verifySignature(group, message, signature)).toBe(true);
    }
  });

  test('of the same head may be signed again', async () => {
    await commit(1, 5);
    await expect(commit(1, 5)).resolves.toMatchObject({ party: 1 });
  });

  test('that contradicts an earlier one is refused, also after a restart', async () => {
    await commit(1, 5);
    const fork = await logOf([3, 5, 8], 1);
    for (const restarted of [false, true]) {
      if (restarted) await start(1);
      for (const [size, source] of [[3, log], [5, fork], [8, fork]] as const) await expect(propose(1, size, source)).rejects.toMatchObject({ code: 'log.fork-refused' });
      expect(services[0]!.head()).toEqual({ size: 5, root: log.heads.get(5)!.root, read: 5 });
    }
    await expect(commit(1, 8)).resolves.toMatchObject({ party: 1 });
  });

  test('needs a proof from the very head that was signed last', async () => {
    await commit(1, 5);
    await expect(commit(1, 8, log, 3)).rejects.toMatchObject({ code: 'log.wrong-base' });
  });

  test('needs that all of its entries have been read', async () => {
    await commit(1, 3);
    const unread = { code: 'log.unread', kind: 'unavailable' };
    await expect(propose(1, 5)).rejects.toMatchObject(unread);
    await read(1, 4);
    await expect(propose(1, 5)).rejects.toMatchObject(unread);
    expect(services[0]!.head()).toMatchObject({ size: 3, read: 4 });
    await read(1, 8);
    // Beyond the head in question: begun again from the signed head.
    await expect(propose(1, 5)).rejects.toMatchObject(unread);
    expect(services[0]!.head()).toMatchObject({ size: 3, read: 3 });
    await read(1, 5);
    await propose(1, 5);
    await start(1);
    expect(services[0]!.head()).toMatchObject({ size: 5, read: 5 });
    await read(1, 8);
    await propose(1, 8);
  });

  test('over other entries than those read gets no commitment, and the reading starts over', async () => {
    await commit(1, 3);
    const fork = await logOf([3, 5, 8], 1);
    await services[0]!.read({ origin, from: 3, frontier: [...frontierAt(log.entries, 3)], entries: fork.entries.slice(3, 5), transitions: [] });
    await expect(propose(1, 5)).rejects.toMatchObject({ code: 'log.unread' });
    expect(services[0]!.head()).toMatchObject({ size: 3, read: 3 });
    await expect(services[0]!.read({ origin, from: 3, frontier: [...frontierAt(fork.entries, 3)], entries: [], transitions: [] })).rejects.toMatchObject({ code: 'log.malformed-frontier' });
    await expect(read(1, 5, log, 2)).rejects.toMatchObject({ code: 'log.wrong-base' });
    await commit(1, 5);
  });

  test('is cosigned with the identity of the node, the last one only', async () => {
    await commit(1, 3);
    await commit(1, 5);
    const { root } = log.heads.get(5)!;
    const { timeS, signature } = services[0]!.cosign({ origin, size: 5, root });
    const publicKey = mill.custodies[0]!.identityPublicKey;
    expect(verifyCosignature(publicKey, formatCheckpoint({ origin, size: 5, root }), formatCosignature(timeS, signature))).toBe(1_000);
    for (const other of [{ origin, ...log.heads.get(3)! }, { origin, size: 5, root: new Uint8Array(32) }]) expect(() => services[0]!.cosign(other)).toThrow(expect.objectContaining({ code: 'log.wrong-base' }));
    expect(() => services[0]!.cosign({ origin: 'boop.test/other', size: 5, root })).toThrow(expect.objectContaining({ code: 'log.wrong-origin' }));
  });

  test('of another log is refused', async () => {
    const { root } = log.heads.get(3)!;
    await expect(services[0]!.commit({ origin: 'boop.test/other', size: 3, root, fromSize: 0, consistency: [] })).rejects.toMatchObject({ code: 'log.wrong-origin' });
  });

  test('of an empty log has the empty root', async () => {
    await expect(commit(1, 0)).resolves.toMatchObject({ party: 1 });
    await expect(services[0]!.commit({ origin, size: 0, root: new Uint8Array(32), fromSize: 0, consistency: [] })).rejects.toMatchObject({ code: 'log.fork-refused' });
  });

  test.each(['before', 'after'] as const)('gets no commitment when its head could not be stored (%s)', async (fault) => {
    await read(1, 5);
    stores[0]!.failNext('saveHead', fault);
    await expect(propose(1, 5)).rejects.toThrow();
    await start(1);
    expect(services[0]!.head().size).toBe(fault === 'before' ? 0 : 5);
  });

  test('attempt serves once, and not for long', async () => {
    const first = await Promise.all(parties.map((party) => commit(party, 3)));
    const commitments = first.map(({ party, commitment }) => ({ party, commitment }));
    const sign = (at: number) => services[at]!.sign({ attempt: first[at]!.attempt, commitments });
    sign(0);
    expect(() => sign(0)).toThrow(expect.objectContaining({ code: 'log.unknown-attempt' }));
    nowMs += 10_001;
    expect(() => sign(1)).toThrow(expect.objectContaining({ code: 'log.unknown-attempt' }));
  });
});
