import { createPublicKey, verify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { consistencyProof, leafHash, newTiles, nodeHash, parseEntries, parseNote, type Tile, verifyCheckpoint, verifyConsistencyProof, verifyInclusionProof, verifyLogProof } from '@boop/log';
import { type LinkClient, silentLogger } from '@boop/platform';
import { entryReceiptBytes, type LogProof, logEntryHash } from '@boop/protocol';
import { concatBytes, fromBase64Url, toBase64Url, utf8 } from '@boop/shared';
import { Checkpointer } from './checkpoints/checkpointer.ts';
import { FrostSigner } from './checkpoints/frost-signer.ts';
import { LogKey } from './checkpoints/log-key.ts';
import { LogPages } from './checkpoints/log-pages.ts';
import { SignerRoster } from './checkpoints/signer-roster.ts';
import { type RunningLedger } from './ledger.ts';
import { EntryPool } from './sequencer/entry-pool.ts';
import { Sequencer } from './sequencer/sequencer.ts';
import { newEntries } from './store/log-store.conformance.ts';
import { type PrismaLogStore } from './store/prisma-log-store.ts';
import { eventually } from './testing/eventually.ts';
import { httpTiles, LedgerFixture } from './testing/ledger-fixture.ts';

let fixture: LedgerFixture;
beforeAll(async () => {
  fixture = await LedgerFixture.start(['served', 'rivals', 'replicas']);
});
afterAll(async () => await fixture.stop());

describe('a ledger', () => {
  const database = 'served';
  let ledger: RunningLedger;
  let gateway: LinkClient;
  let vkey: string;
  const url = (path: string): string => `http://127.0.0.1:${ledger.httpPort}/${path}`;
  const append = async (number: number) => await appendBy(gateway, number, [1, 4]);
  const proofOf = async (number: number): Promise<LogProof | undefined> => {
    const response = await fetch(url(`v1/log/proofs/${logEntryHash(fixture.network.entry(number))}`));
    return response.status === 200 ? ((await response.json()) as LogProof) : undefined;
  };
  const publishedSize = async (): Promise<number> => {
    const response = await fetch(url('checkpoint'));
    return response.status === 404 ? 0 : verifyCheckpoint(await response.text(), vkey).size;
  };

  beforeAll(async () => {
    ledger = await fixture.ledger(database);
    gateway = await fixture.client(ledger);
    await gateway.waitConnected(60_000);
    await eventually(async () => ledger.leads());
  });

  afterAll(async () => await ledger.close());

  test('answers before anything was appended', async () => {
    expect((await fetch(url('checkpoint'))).status).toBe(404);
    expect((await fetch(url('healthz'))).status).toBe(200);
    const ready = await eventually(async () => {
      const response = await fetch(url('readyz'));
      const body = (await response.json()) as { checks: { nodesConnected: number } };
      return response.status === 200 && body.checks.nodesConnected === 5 && body;
    });
    expect(ready).toEqual({ status: 'ready', checks: { leads: true, treeSize: 0, publishedSize: 0, nodesConnected: 5 } });
    // Whoever is connected may still be slow to tell the key.
    const key = await eventually(async () => {
      const told = await fetch(url('v1/log/key'));
      return told.status === 200 && ((await told.json()) as { origin: string; verifierKey: string });
    });
    expect(await gateway.request('log.key', {}, { timeoutMs: 60_000 })).toEqual(key);
    expect(key.origin).toBe('log.example/test-net');
    vkey = key.verifierKey;
  });

  test('appends entries, each once, and gives a proof of each under a checkpoint that others verify too', async () => {
    const answers = await Promise.all(Array.from({ length: 270 }, (_, number) => append(number)));
    expect(answers.map(({ leafIndex }) => leafIndex).sort((a, b) => a - b)).toEqual(answers.map((_, at) => at));
    expect(await append(17)).toEqual(answers[17]);
    await eventually(async () => (await publishedSize()) === 270);
    const proofs = await Promise.all(answers.map((_, number) => proofOf(number)));
    const { root } = verifyCheckpoint(proofs[0]!.checkpoint, vkey);
    proofs.forEach((proof, number) => {
      const entry = fixture.network.entry(number);
      expect(proof).toMatchObject({ entry: toBase64Url(entry), leafIndex: answers[number]!.leafIndex, treeSize: 270 });
      verifyInclusionProof({ leafHash: leafHash(entry), index: proof!.leafIndex, size: 270, root, proof: proof!.inclusion.map(fromBase64Url) });
    });
    expect(verifyLogProof(proofs[269]!, vkey)).toEqual({ index: answers[269]!.leafIndex, size: 270 });
    const { text, signatures } = parseNote(proofs[0]!.checkpoint);
    const x = toBase64Url(fixture.nodes[0]!.node.key.group.publicKey);
    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    expect(verify(null, utf8(text), publicKey, signatures[0]!.signature)).toBe(true);
    expect(await gateway.request('log.proof', { entryHash: answers[3]!.entryHash }, { timeoutMs: 60_000 })).toMatchObject({ proof: { entry: proofs[3]!.entry, inclusion: proofs[3]!.inclusion } });
  });

  test('serves every tile as anybody computes it from the entries', async () => {
    const bundles = await Promise.all([httpTiles(ledger).read({ level: 'entries', index: 0, width: 256 }), httpTiles(ledger).read({ level: 'entries', index: 1, width: 14 })]);
    const entries = [...parseEntries(bundles[0]!, 256), ...parseEntries(bundles[1]!, 14)];
    const hashes = entries.map(leafHash);
    expect(naiveRoot(hashes)).toEqual(verifyCheckpoint(await (await fetch(url('checkpoint'))).text(), vkey).root);
    for (const tile of newTiles(0, 270)) {
      const span = 256 ** (tile.level as number);
      const expected = Array.from({ length: tile.width }, (_, at) => (tile.index * 256 + at) * span).map((start) => naiveRoot(hashes.slice(start, start + span)));
      expect(await httpTiles(ledger).read(tile)).toEqual(concatBytes(...expected));
    }
  });

  test('speaks HTTP as C2SP tlog-tiles says', async () => {
    const checkpoint = await fetch(url('checkpoint'));
    expect(checkpoint.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(checkpoint.headers.get('cache-control')).toBe('public, max-age=1');
    const tile = await fetch(url('tile/0/000'));
    expect(tile.headers.get('content-type')).toBe('application/octet-stream');
    expect(tile.headers.get('cache-control')).toMatch(/immutable/);
    expect((await tile.arrayBuffer()).byteLength).toBe(8_192);
    expect((await fetch(url('tile/entries/000'))).headers.get('content-encoding')).toBe('gzip');
    expect((await fetch(url('tile/entries/000'), { headers: { 'accept-encoding': 'identity' } })).headers.get('content-encoding')).toBeNull();
    for (const path of ['tile/0/001', 'tile/0/001.p/15', 'tile/0/001.p/0', 'tile/0/1', 'tile/00/000', 'tile/2/000.p/1', 'tile/0/000.p/256', 'tile/-1/000', 'tile/63/x999/999', 'nothing']) {
      const response = await fetch(url(path));
      expect([path, response.status, response.headers.get('cache-control')]).toEqual([path, 404, 'no-store']);
      expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(await response.json()).toMatchObject({ code: 'request.not-found', status: 404 });
    }
    expect((await fetch(url('v1/log/proofs/AAAA'))).status).toBe(400);
    expect((await fetch(url(`v1/log/proofs/${toBase64Url(new Uint8Array(32))}`))).status).toBe(404);
    const named = await fetch(url('nothing'), { headers: { 'x-request-id': 'abc-1' } });
    expect([named.headers.get('x-request-id'), ((await named.json()) as { requestId: string }).requestId]).toEqual(['abc-1', 'abc-1']);
  });

  test('refuses whom it does not know and what nobody vouches for', async () => {
    const entry = fixture.network.entry(1_000);
    const refused = async (body: unknown, code: string): Promise<void> => {
      await expect(gateway.request('log.append', body, { timeoutMs: 60_000 })).rejects.toMatchObject({ code, kind: 'rejected' });
    };
    const [receipt] = fixture.network.receipts(entry, [2]);
    await refused({ entry, receipts: [receipt] }, 'log.unauthorized');
    await refused({ entry, receipts: [receipt, { ...receipt, party: 3 }] }, 'log.unauthorized');
    await refused({ entry: utf8('{}'), receipts: fixture.network.receipts(utf8('{}'), [1, 2]) }, 'log.malformed-entry');
    await refused({ entry, receipts: [], extra: 1 }, 'request.malformed');
    await expect(gateway.request('log.other', {}, { timeoutMs: 60_000 })).rejects.toMatchObject({ code: 'link.unknown-method' });
    const bridge = await fixture.client(ledger, 'bridge');
    await expect(bridge.waitConnected(300)).rejects.toMatchObject({ code: 'link.timeout' });
    expect(entryReceiptBytes(entry).length).toBeGreaterThan(entry.length);
    expect(await publishedSize()).toBe(270);
  });

  test('accepts entries without a quorum, and publishes them once the nodes are back', async () => {
    await Promise.all([fixture.nodes[1]!.down(), fixture.nodes[3]!.down()]);
    const { entryHash } = await append(300);
    const waiting = await fetch(url(`v1/log/proofs/${entryHash}`));
    expect([waiting.status, await waiting.json()]).toEqual([202, expect.objectContaining({ code: 'log.pending', retryAllowed: true })]);
    expect((await fetch(url('tile/0/001.p/15'))).status).toBe(404);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await publishedSize()).toBe(270);
    await fixture.nodes[1]!.up();
    const proof = await eventually(() => proofOf(300));
    expect(verifyLogProof(proof, vkey).size).toBe(271);
    await fixture.nodes[3]!.up();
  });

  test('goes on after a restart where it stood, a node at fault included', async () => {
    await ledger.close();
    gateway = await gateway.close().then(async () => {
      ledger = await fixture.ledger(database);
      return await fixture.client(ledger);
    });
    await gateway.waitConnected(60_000);
    await eventually(async () => ledger.leads());
    expect(await publishedSize()).toBe(271);
    expect((await append(300)).leafIndex).toBe(270);
    fixture.nodes[0]!.node.misdeed = 'bad-share';
    expect((await append(301)).leafIndex).toBe(271);
    await eventually(async () => (await publishedSize()) === 272);
    fixture.nodes[0]!.node.misdeed = undefined;
  });

  test('has published checkpoints that are consistent with each other, and each node signed one history', async () => {
    await expectConsistentHistory(database, ledger, vkey);
    for (const { node } of fixture.nodes) {
      const rootOfSize = new Map<string, string>();
      for (const text of node.signed) {
        const [, size, root] = text.split('\n');
        expect(rootOfSize.get(size!) ?? root).toBe(root);
        rootOfSize.set(size!, root!);
      }
    }
  });

  test('serves accounts to gateways, and lays their transfers down in the log', async () => {
    const ask = async (method: string, body: unknown) => (await gateway.request(method, body, { timeoutMs: 60_000 })) as { [field: string]: unknown };
    await ask('accounts.create', { accounts: [{ id: 'network.bank:main', asset: 'EUR', debitLimit: null }, { id: 'vendor.shop:main', asset: 'EUR' }] });
    const transfer = { id: 'network.test:1', kind: 'single', debitAccount: 'network.bank:main', creditAccount: 'vendor.shop:main', amount: '5', asset: 'EUR', code: 'topup' };
    expect(await ask('transfers.create', { transfers: [transfer, { ...transfer, id: 'network.test:2', debitAccount: 'vendor.shop:main', creditAccount: 'network.bank:main', amount: '6' }] })).toMatchObject({ results: [{ status: 'created' }, { status: 'exceeds_credits' }] });
    const { proof } = (await eventually(() => ask('transfers.proof', { id: 'network.test:1' }).catch(() => undefined))) as { proof: { batch: { entryHash: string } } };
    const { entry } = (await eventually(async () => {
      const response = await fetch(url(`v1/log/proofs/${proof.batch.entryHash}`));
      return response.status === 200 && ((await response.json()) as LogProof);
    }));
    expect(JSON.parse(Buffer.from(entry, 'base64url').toString())).toMatchObject({ kind: 'transfers', count: 1 });
  });
});

test('two sequencers and checkpointers that both believe to lead write one history', async () => {
  await forgetHeads();
  const store = fixture.databases.store('rivals');
  const nodes = fixture.nodes.map(({ node }) => node);
  const { manifest } = fixture.network;
  const rivals = ['one', 'two'].map((name) => {
    const own = fixture.databases.store('rivals');
    const key = new LogKey(manifest, nodes, own);
    const signer = new FrostSigner({ origin: manifest.logOrigin, nodes, key, roster: new SignerRoster({ nowMs: () => performance.now() }, 100), tiles: own, pages: new LogPages(own, async () => undefined), log: silentLogger });
    return { name, sequencer: sequencerOn(own), checkpointer: new Checkpointer({ store: own, signer, log: silentLogger, intervalMs: 1, retryMinMs: 1, retryMaxMs: 1 }) };
  });
  const entries = newEntries(0, 60);
  await Promise.all(
    rivals.map(async ({ sequencer, checkpointer }) => {
      for (let at = 0; at < entries.length; at += 12) {
        // Both try the same entries, so that each batch is contended.
        for (let done = false; !done; ) done = await sequencer.sequence(entries.slice(at, at + 12)).then(() => true, () => false);
        await checkpointer.step().catch(() => undefined);
      }
    }),
  );
  // What the last attempts left on their way to nodes may spoil the next one.
  await eventually(async () => {
    await rivals[0]!.checkpointer.step().catch(() => undefined);
    return (await store.published())?.size === 60;
  });
  expect((await store.head()).size).toBe(60);
  const indexes = await store.leafIndexes(entries.map(({ hash }) => hash));
  expect(new Set(indexes.values()).size).toBe(60);
  const { vkey } = await new LogKey(manifest, nodes, store).get();
  expect(verifyCheckpoint((await store.published())!.note, vkey).size).toBe(60);
  await expectConsistent(store, await publishedSizes('rivals'), vkey);
});

test('of two replicas one writes, both serve, and the other takes over when the first loses its lock or stops', async () => {
  await forgetHeads();
  const first = await fixture.ledger('replicas', 'a');
  await eventually(async () => first.leads());
  const second = await fixture.ledger('replicas', 'b');
  const clients = [await fixture.client(first, 'gateway', 'a'), await fixture.client(second, 'gateway', 'b')];
  await Promise.all(clients.map((client) => client.waitConnected(60_000)));
  const append = async (client: LinkClient, number: number): Promise<unknown> => {
    const entry = fixture.network.entry(number);
    return await client.request('log.append', { entry, receipts: fixture.network.receipts(entry, [2, 3]) }, { timeoutMs: 60_000 });
  };
  expect(await appendBy(clients[0]!, 1, [2, 3])).toMatchObject({ leafIndex: 0 });
  expect(second.leads()).toBe(false);
  await expect(append(clients[1]!, 2)).rejects.toMatchObject({ code: 'log.unavailable', retryAllowed: true });
  await eventually(async () => (await fetch(`http://127.0.0.1:${second.httpPort}/checkpoint`)).status === 200);

  await fixture.databases.query('replicas', "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()");
  await eventually(async () => first.leads() !== second.leads() && (await eitherAppends(append, clients, 2)));
  const leader = first.leads() ? first : second;
  const standby = leader === first ? second : first;
  await leader.close();
  await eventually(async () => standby.leads());
  await eventually(async () => await eitherAppends(append, clients, 3));
  const store = fixture.databases.store('replicas');
  expect([...(await store.leafIndexes([1, 2, 3].map((number) => hashOf(number)))).values()].sort()).toEqual([0, 1, 2]);
});

/** As a gateway does: again, for as long as it is told to; the same entry gets the same place. */
async function appendBy(client: LinkClient, number: number, vouchers: readonly number[]): Promise<{ entryHash: string; leafIndex: number }> {
  const entry = fixture.network.entry(number);
  const body = { entry, receipts: fixture.network.receipts(entry, vouchers) };
  return await eventually(async () => {
    const answer = client.request('log.append', body, { timeoutMs: 60_000 }) as Promise<{ entryHash: string; leafIndex: number }>;
    return await answer.catch((error: { kind?: string }) => (error.kind === 'unavailable' ? undefined : Promise.reject(error as Error)));
  });
}

const hashOf = (number: number): Uint8Array => Buffer.from(logEntryHash(fixture.network.entry(number)), 'base64url');

const sequencerOn = (store: PrismaLogStore): Sequencer => new Sequencer({ store, pool: new EntryPool(), log: silentLogger, intervalMs: 1, batchMax: 100 });

async function eitherAppends(append: (client: LinkClient, number: number) => Promise<unknown>, clients: readonly LinkClient[], number: number): Promise<boolean> {
  const outcomes = await Promise.allSettled(clients.map((client) => append(client, number)));
  return outcomes.some(({ status }) => status === 'fulfilled');
}

/** The nodes begin another log. */
async function forgetHeads(): Promise<void> {
  for (const { node } of fixture.nodes) node.forget();
}

async function publishedSizes(database: string): Promise<number[]> {
  const rows = await fixture.databases.query<{ size: string }>(database, 'SELECT size FROM checkpoints ORDER BY size');
  return rows.map(({ size }) => Number(size));
}

async function expectConsistentHistory(database: string, ledger: RunningLedger, vkey: string): Promise<void> {
  const sizes = await publishedSizes(database);
  expect(sizes.length).toBeGreaterThanOrEqual(3);
  await expectConsistent(fixture.databases.store(database), sizes, vkey, httpTiles(ledger));
}

async function expectConsistent(store: PrismaLogStore, sizes: readonly number[], vkey: string, tiles: { read(tile: Tile): Promise<Uint8Array> } = store): Promise<void> {
  const checkpoints = await Promise.all(sizes.map(async (size) => verifyCheckpoint((await store.checkpoint(size))!, vkey)));
  for (const [at, older] of checkpoints.entries()) {
    for (const newer of checkpoints.slice(at)) verifyConsistencyProof(older, newer, await consistencyProof(tiles, older.size, newer.size));
  }
}

/** RFC 6962 section 2.1, straight from the definition. */
function naiveRoot(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length === 1) return hashes[0]!;
  let split = 1;
  while (split * 2 < hashes.length) split *= 2;
  return nodeHash(naiveRoot(hashes.slice(0, split)), naiveRoot(hashes.slice(split)));
}
