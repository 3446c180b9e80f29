// Appends and inclusion proofs on one PostgreSQL: node --conditions=@boop/source bench/ledger.mjs [--seconds 10] [--tree 200000] [--json FILE]
// Appends go through admission (two node receipts each) and the sequencer, without the link. Needs `prisma generate` (npm run build).
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createLogProof, formatCheckpoint } from '@boop/log';
import { applyMigrations, isPortFree, silentLogger, startEmbeddedPostgres } from '@boop/platform';
import { logEntryHash } from '@boop/protocol';
import { fromBase64Url } from '@boop/shared';
import { Admission } from '../apps/ledger/src/sequencer/admission.ts';
import { EntryPool } from '../apps/ledger/src/sequencer/entry-pool.ts';
import { Sequencer } from '../apps/ledger/src/sequencer/sequencer.ts';
import { PrismaLogStore } from '../apps/ledger/src/store/prisma-log-store.ts';
import { TestNetwork } from '../apps/ledger/src/testing/test-network.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '10' }, tree: { type: 'string', default: '200000' }, json: { type: 'string' } } });
const [seconds, treeSize] = [Number(values.seconds), Number(values.tree)];
const IN_FLIGHT = 2_048;
const APPENDS_PER_SECOND_MAX = 8_000;
const PROOFS = 2_000;

const network = new TestNetwork();
const admission = new Admission(network.manifest);
const quantile = (sorted, share) => Number(sorted[Math.floor(share * (sorted.length - 1))].toPrecision(3));

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
  latencies.sort((a, b) => a - b);
  return { perSecond: Math.round(latencies.length / elapsed), count: latencies.length, p50Ms: quantile(latencies, 0.5), p99Ms: quantile(latencies, 0.99) };
}

async function grow(store, size) {
  const sequencer = new Sequencer({ store, pool: new EntryPool(), log: silentLogger, intervalMs: 1, batchMax: 1 });
  for (let at = (await store.head()).size; at < size; at = (await store.head()).size) {
    const entries = Array.from({ length: Math.min(4_096, size - at) }, (_, i) => network.entry(1_000_000 + at + i));
    await sequencer.sequence(entries.map((bytes) => ({ hash: fromBase64Url(logEntryHash(bytes)), bytes })));
  }
}

async function measureProofs(store) {
  const head = await store.head();
  const note = `${formatCheckpoint({ origin: network.manifest.logOrigin, ...head })}\n— unsigned AAAAAA==\n`;
  const times = [];
  for (let round = 0; round < PROOFS; round++) {
    const index = Math.floor(Math.random() * head.size);
    const start = performance.now();
    await createLogProof(store, await store.entry(index), index, note);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return { treeSize: head.size, p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) };
}

const dir = mkdtempSync(join(tmpdir(), 'boop-bench-'));
const postgres = await startEmbeddedPostgres({ dir, port: await freePort(), databases: [{ name: 'ledger', user: 'ledger' }] });
try {
  const url = postgres.urls.ledger;
  await applyMigrations(url, fileURLToPath(new URL('../apps/ledger/prisma/migrations', import.meta.url)));
  const store = PrismaLogStore.open(url);
  const appends = await measureAppends(store);
  await grow(store, treeSize);
  const proofs = await measureProofs(store);
  await store.close();
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const report = { commit, cpu: cpus()[0]?.model, cores: cpus().length, node: process.version, appends, proofs };
  console.table({ 'appends/s': appends.perSecond, 'append p99 ms': appends.p99Ms, 'proof p50 ms': proofs.p50Ms, 'proof p99 ms': proofs.p99Ms, 'tree size': proofs.treeSize });
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
} finally {
  await postgres.stop();
  rmSync(dir, { recursive: true, force: true });
}
