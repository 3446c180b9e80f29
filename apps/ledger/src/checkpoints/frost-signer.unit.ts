import { createPublicKey, verify } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { parseNote, verifyCheckpoint } from '@boop/log';
import { type Logger, silentLogger } from '@boop/platform';
import { type PartyId, toBase64Url, utf8 } from '@boop/shared';
import { type KeyShare, serializeGroupKey } from '@boop/threshold';
import { nextBatch, newEntries } from '../store/log-store.conformance.ts';
import { MemoryLogStore } from '../testing/memory-log-store.ts';
import { type Misdeed, SimulatedNode } from '../testing/simulated-node.ts';
import { TestNetwork } from '../testing/test-network.ts';
import { FrostSigner } from './frost-signer.ts';
import { LogKey } from './log-key.ts';
import { LogPages } from './log-pages.ts';
import { SignerRoster } from './signer-roster.ts';

const network = new TestNetwork();
const { manifest } = network;
let shares: Map<PartyId, KeyShare>;
let otherShares: Map<PartyId, KeyShare>;
let nodes: SimulatedNode[];
let store: MemoryLogStore;
let blamed: unknown[];
let nowMs: number;

beforeAll(() => {
  shares = network.logKeyShares();
  otherShares = network.logKeyShares('ceremony-2');
});
beforeEach(async () => {
  nodes = [...shares.values()].map((share) => new SimulatedNode(share));
  store = new MemoryLogStore();
  blamed = [];
  nowMs = 0;
  await grow(5);
});

const grow = async (count: number): Promise<void> => store.append(await nextBatch(store, newEntries((await store.head()).size, count)));

function signer(): FrostSigner {
  const log: Logger = { ...silentLogger, warn: (_message, fields) => void blamed.push([fields?.['party'], fields?.['code']]) };
  const key = new LogKey(manifest, nodes, store);
  return new FrostSigner({ origin: manifest.logOrigin, nodes, key, roster: new SignerRoster({ nowMs: () => nowMs }, 1_000), tiles: store, pages: new LogPages(store, async () => undefined), log });
}

const vkey = async (): Promise<string> => (await new LogKey(manifest, nodes, store).get()).vkey;

describe('the signing of a checkpoint', () => {
  test('makes a note that any Ed25519 verifier accepts, with four of five nodes, from growing trees', async () => {
    const signing = signer();
    for (const count of [0, 3, 300]) {
      if (count > 0) await grow(count);
      const head = await store.head();
      const { note, groupKey } = await signing.sign(head);
      expect(groupKey).toEqual(serializeGroupKey(nodes[0]!.key.group));
      expect(verifyCheckpoint(note, await vkey())).toEqual({ origin: manifest.logOrigin, ...head });
      const { text, signatures } = parseNote(note);
      const x = toBase64Url(nodes[0]!.key.group.publicKey);
      const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
      expect(verify(null, utf8(text), publicKey, signatures[0]!.signature)).toBe(true);
    }
    expect(nodes.flatMap(({ signed }) => signed)).toHaveLength(12);
    expect(blamed).toEqual([]);
  });

  test('goes on with a node that is down, and not with two', async () => {
    const signing = signer();
    nodes[2]!.connected = false;
    await signing.sign(await store.head());
    nodes[4]!.connected = false;
    await expect(signing.sign(await store.head())).rejects.toMatchObject({ code: 'log.no-quorum', kind: 'unavailable' });
    nodes[4]!.connected = true;
    await signing.sign(await store.head());
  });

  // A refusal before the round of shares costs nothing, since another node steps in; later it spoils that attempt.
  test.each<[Misdeed, string, 'at once' | 'next time']>([
    ['malformed-answer', 'log.bad-answer', 'at once'],
    ['other-party', 'log.bad-answer', 'at once'],
    ['hangs', 'link.timeout', 'at once'],
    ['bad-share', 'frost.bad-share', 'next time'],
    ['bad-commitment', 'frost.bad-commitment', 'next time'],
    ['refuses-to-sign', 'node.busy', 'next time'],
  ])('names a node that %s, and does without it %s', async (misdeed, code, when) => {
    nodes[0]!.misdeed = misdeed;
    const signing = signer();
    const head = await store.head();
    // Who answers last is not taken: make sure that it is not the one.
    nodes[4]!.connected = misdeed === 'hangs' || when === 'at once';
    if (when === 'next time') await expect(signing.sign(head)).rejects.toMatchObject({ code: 'log.attempt-failed', kind: 'unavailable' });
    nodes[4]!.connected = true;
    await signing.sign(head);
    while (misdeed === 'hangs' && blamed.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(blamed).toEqual([[1, code]]);
    await signing.sign(head);
    expect(blamed).toHaveLength(1);
    nowMs = 2_000;
    nodes[0]!.misdeed = undefined;
    nodes[1]!.connected = false;
    await signing.sign(head);
  });

  test('leaves out a node that signed a larger tree, or another one', async () => {
    await grow(1);
    const head = await store.head();
    nodes[1]!.head = { size: 7, root: new Uint8Array(32) };
    await signer().sign(head);
    expect(blamed).toEqual([[2, 'log.behind-signer']]);
    nodes[1]!.head = { size: 4, root: new Uint8Array(32) };
    blamed = [];
    await signer().sign(head);
    // Four others were enough: this one's refusal may come later.
    while (blamed.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(blamed).toEqual([[2, 'log.consistency-invalid']]);
    nodes[2]!.head = nodes[1]!.head;
    await expect(signer().sign(head)).rejects.toMatchObject({ code: 'log.no-quorum' });
  });

  test('gives each node what it has not read, in as many pages as it takes', async () => {
    const signing = signer();
    await signing.sign(await store.head());
    expect(nodes.filter(({ read }) => read === 5).length).toBeGreaterThanOrEqual(4);
    nodes[3]!.connected = false;
    await grow(5_000);
    await signing.sign(await store.head());
    nodes[3]!.connected = true;
    nodes[0]!.connected = false;
    // Says that it has read on, and has read something else.
    nodes[3]!.read = 4_000;
    nodes[3]!.misdeed = 'has-not-read';
    await expect(signing.sign(await store.head())).rejects.toMatchObject({ code: 'log.no-quorum' });
    expect(blamed).toEqual([[4, 'log.unread']]);
    nodes[3]!.misdeed = undefined;
    nodes[3]!.pages.length = 0;
    await signing.sign(await store.head());
    expect(nodes[3]!.pages).toEqual([[5, 4_096], [4_101, 904]]);
  });

  test('is never asked of nodes for two roots of one size', async () => {
    const head = await store.head();
    const signing = signer();
    await signing.sign(head);
    await expect(signing.sign({ ...head, root: new Uint8Array(32) })).rejects.toMatchObject({ code: 'log.no-quorum' });
    expect(new Set(nodes.flatMap(({ signed }) => signed)).size).toBe(1);
  });
});

describe('the key of the log', () => {
  test('is what t+1 nodes tell, and not what fewer tell', async () => {
    const other = [...otherShares.values()];
    nodes = nodes.map((node, at) => (at === 0 ? new SimulatedNode(other[0]!) : node));
    expect(await vkey()).toMatch(/^log\.example\/test-net\+[0-9a-f]{8}\+/);
    for (const node of nodes.slice(2)) node.connected = false;
    await expect(vkey()).rejects.toMatchObject({ code: 'log.no-quorum' });
  });

  test('must be one for the log, with the quorum of the manifest', async () => {
    const small = new TestNetwork({ nodes: 3 });
    nodes = [...small.logKeyShares().values()].map((share) => new SimulatedNode(share));
    await expect(vkey()).rejects.toMatchObject({ code: 'log.unfit-group-key' });
  });

  test('stays that of the published checkpoints; another one is reported', async () => {
    const head = await store.head();
    const { note, groupKey } = await signer().sign(head);
    await store.publish({ ...head, note, groupKey }, undefined);
    const before = await vkey();
    nodes = [...otherShares.values()].map((share) => new SimulatedNode(share));
    expect(await vkey()).toBe(before);
    await grow(1);
    await expect(signer().sign(await store.head())).rejects.toMatchObject({ code: 'log.key-changed', kind: 'fatal' });
  });
});
