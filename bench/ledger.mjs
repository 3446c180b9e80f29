// Appends and inclusion proofs on one PostgreSQL: npm run bench -- ledger. By itself:
// node --conditions=@boop/source bench/ledger.mjs [--seconds 10] [--entries 1000000] [--json FILE]. Needs `prisma generate` (npm run build).
// Appends go through admission (two node receipts each) and the sequencer, without the link. Proofs are asked for over HTTP, one after another
// and by eight clients, under a checkpoint that the nodes' FROST key signed, and every one is verified.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { verifyLogProof } from '@boop/log';
import { applyMigrations, isPortFree, silentLogger, startEmbeddedPostgres } from '@boop/platform';
import { logEntryHash } from '@boop/protocol';
import { fromBase64Url } from '@boop/shared';
import { FrostSigner } from '../apps/ledger/src/checkpoints/frost-signer.ts';
import { LogKey } from '../apps/ledger/src/checkpoints/log-key.ts';
import { LogPages } from '../apps/ledger/src/checkpoints/log-pages.ts';
import { SignerRoster } from '../apps/ledger/src/checkpoints/signer-roster.ts';
import { Admission } from '../apps/ledger/src/sequencer/admission.ts';
import { EntryPool } from '../apps/ledger/src/sequencer/entry-pool.ts';
import { Sequencer } from '../apps/ledger/src/sequencer/sequencer.ts';
import { Proofs } from '../apps/ledger/src/serving/proofs.ts';
import { TileCache } from '../apps/ledger/src/serving/tile-cache.ts';
import { LedgerDatabase } from '../apps/ledger/src/store/database.ts';
import { PrismaLogStore } from '../apps/ledger/src/store/prisma-log-store.ts';
import { SimulatedNode } from '../apps/ledger/src/testing/simulated-node.ts';
import { TestNetwork } from '../apps/ledger/src/testing/test-network.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '10' }, entries: { type: 'string', default: '1000000' }, json: { type: 'string' } } });
const [seconds, treeSize] = [Number(values.seconds), Number(values.entries)];
const IN_FLIGHT = 2_048;
const APPENDS_PER_SECOND_MAX = 8_000;
const LOAD_BATCH = 32_768;
const PROOFS = 3_000;

const network = new TestNetwork();
const admission = new Admission(network.manifest);
const quantile = (sorted, share) => Number(sorted[Math.floor(share * (sorted.length - 1))].toPrecision(3));
const summary = (times) => {
  times.sort((a, b) => a - b);
  return { count: times.length, p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) };
};

async function freePort() {
  for (let port = 41_000; ; port++) if (await isPortFree(port)) return port;
}

/** Entries are prepared before the clock starts: signing them is the nodes' work. */
function prepare(from, count) {
  return Array.from({ length: count }, (_, at) => {
    const entry = network.entry(from + at);
    return { entry, receipts: network.receipts(entry, [1, 2]) };
  });
}

async function measureAppends(store) {
  const pool = new EntryPool();
  const sequencer = new Sequencer({ store, pool, log: silentLogger, intervalMs: 200, batchMax: 1_024 });
  const stop = new AbortController();
  const running = sequencer.run(stop.signal);
  const prepared = prepare(0, seconds * APPENDS_PER_SECOND_MAX);
  let next = 0;
  const latencies = [];
  const until = performance.now() + seconds * 1_000;
  const client = async () => {
    while (performance.now() < until && next < prepared.length) {
      const { entry, receipts } = prepared[next++];
      const start = performance.now();
      await admission.check(entry, receipts);
      await pool.add({ hash: fromBase64Url(logEntryHash(entry)), bytes: entry });
      latencies.push(performance.now() - start);
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, client));
  const elapsed = (performance.now() - start) / 1_000;
  stop.abort();
  await running;
  return { perSecond: Math.round(latencies.length / elapsed), ...summary(latencies) };
}

/** Large batches, without admission: how the tree came to its size is not what is measured. */
async function load(store, size) {
  const sequencer = new Sequencer({ store, pool: new EntryPool(), log: silentLogger, intervalMs: 1, batchMax: 1 });
  for (let at = (await store.head()).size; at < size; at = (await store.head()).size) {
    const entries = Array.from({ length: Math.min(LOAD_BATCH, size - at) }, (_, i) => network.entry(1_000_000 + at + i));
    await sequencer.sequence(entries.map((bytes) => ({ hash: fromBase64Url(logEntryHash(bytes)), bytes })));
  }
}

/** Has the whole tree signed. @returns the log's verifier key */
async function publish(store) {
  const nodes = [...network.logKeyShares().values()].map((share) => new SimulatedNode(share));
  const key = new LogKey(network.manifest, nodes, store);
  const signer = new FrostSigner({ origin: network.manifest.logOrigin, nodes, key, roster: new SignerRoster({ nowMs: () => performance.now() }, 1), tiles: store, pages: new LogPages(store, async () => undefined), log: silentLogger });
  const head = await store.head();
  // As if the nodes had followed the log while it grew.
  for (const node of nodes) node.read = head.size;
  await store.publish({ ...head, ...(await signer.sign(head)) }, undefined);
  return { key, vkey: (await key.get()).vkey };
}

async function sampleHashes(store, size) {
  const indexes = Array.from({ length: PROOFS }, () => Math.floor(Math.random() * size));
  const hashes = [];
  for (const index of indexes) hashes.push(logEntryHash(await store.entry(index)));
  return { indexes, hashes };
}

async function measureProofs(store, { vkey }, clients) {
  const { size } = await store.head();
  const { indexes, hashes } = await sampleHashes(store, size);
  const cache = new TileCache(store);
  const proofs = new Proofs(store, cache);
  const times = [];
  const served = [];
  let next = 0;
  const client = async () => {
    while (next < PROOFS) {
      const at = next++;
      const start = performance.now();
      const text = JSON.stringify(await proofs.proofOf(hashes[at]));
      times.push(performance.now() - start);
      served.push([at, text]);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const verifying = [];
  for (const [at, text] of served) {
    const start = performance.now();
    const { index } = verifyLogProof(JSON.parse(text), vkey);
    verifying.push(performance.now() - start);
    if (index !== indexes[at]) throw new Error('a proof is of another entry');
  }
  return { treeSize: size, ...summary(times), verifyMs: summary(verifying).p50Ms, cacheMiB: Math.round(cache.bytes / 2 ** 20) };
}

const dir = mkdtempSync(join(tmpdir(), 'boop-bench-'));
const postgres = await startEmbeddedPostgres({ dir, port: await freePort(), databases: [{ name: 'ledger', user: 'ledger' }] });
try {
  const url = postgres.urls.ledger;
  await applyMigrations(url, fileURLToPath(new URL('../apps/ledger/prisma/migrations', import.meta.url)));
  const database = LedgerDatabase.open(url);
  const store = new PrismaLogStore(database);
  const appends = await measureAppends(store);
  const loadStart = performance.now();
  await load(store, treeSize);
  const loadSeconds = Math.round((performance.now() - loadStart) / 1_000);
  const key = await publish(store);
  const proofs = await measureProofs(store, key, 1);
  const proofsOfEight = await measureProofs(store, key, 8);
  await database.close();
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const report = { commit, cpu: cpus()[0]?.model, cores: cpus().length, node: process.version, appends, loadSeconds, proofs, proofsOfEight };
  console.error(JSON.stringify(report, null, 1));
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
} finally {
  await postgres.stop();
  rmSync(dir, { recursive: true, force: true });
}
