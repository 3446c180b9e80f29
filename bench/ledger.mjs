// Appends and inclusion proofs on one PostgreSQL: npm run bench -- ledger. By itself:
// node --conditions=@boop/source bench/ledger.mjs [--seconds 10] [--entries 1000000] [--json FILE]. Needs `npm run build`.
// Appends go through admission (two node receipts each) and the sequencer, without the link. Proofs are asked of a whole running ledger over HTTP
// by a client on another thread, one after another and by eight at once, under a checkpoint that the nodes' FROST key signed; every one is verified.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { verifyLogProof } from '@boop/log';
import { silentLogger } from '@boop/platform';
import { logEntryHash } from '@boop/protocol';
import { fromBase64Url } from '@boop/shared';
import { tuningSchema } from '../apps/ledger/dist/config.js';
import { Admission } from '../apps/ledger/dist/sequencer/admission.js';
import { EntryPool } from '../apps/ledger/dist/sequencer/entry-pool.js';
import { Sequencer } from '../apps/ledger/dist/sequencer/sequencer.js';
import { LedgerFixture } from '../apps/ledger/dist/testing/ledger-fixture.js';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '10' }, entries: { type: 'string', default: '1000000' }, json: { type: 'string' } } });
const [seconds, treeSize] = [Number(values.seconds), Number(values.entries)];
const IN_FLIGHT = 2_048;
const APPENDS_PER_SECOND_MAX = 8_000;
const LOAD_BATCH = 8_192;
const PROOFS = 3_000;
/** Until V8 has compiled what serves them. */
const PROOFS_BEFORE = 1_000;
const READ_AHEAD_MS = 10_000;

const fixture = await LedgerFixture.start(['ledger']);
const { network } = fixture;
const admission = new Admission(network.manifest);
const quantile = (sorted, share) => Number(sorted[Math.floor(share * (sorted.length - 1))].toPrecision(3));
const summary = (times) => {
  times.sort((a, b) => a - b);
  return { count: times.length, p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) };
};

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

/** Starts a ledger on the tree as it is, waits until all of it is under a checkpoint, and starts it again, so that it reads ahead. */
async function serve(store) {
  const { size } = await store.head();
  // As if the nodes had followed the log while it grew.
  for (const { node } of fixture.nodes) node.read = size;
  const start = async () => await fixture.ledger('ledger', 'a', { tuning: tuningSchema.parse({}) });
  const first = await start();
  while ((await store.published())?.size !== size) await sleep(100);
  await first.close();
  const { httpPort } = await start();
  const url = `http://127.0.0.1:${httpPort}`;
  await sleep(READ_AHEAD_MS);
  const { verifierKey } = await (await fetch(`${url}/v1/log/key`)).json();
  return { url, size, verifierKey };
}

async function sampleHashes(store, size, count) {
  const indexes = Array.from({ length: count }, () => Math.floor(Math.random() * size));
  const hashes = [];
  for (const index of indexes) hashes.push(logEntryHash(await store.entry(index)));
  return { indexes, hashes };
}

/** Asks for the proofs by so many connections that stay open. @returns milliseconds from request to the answer's last byte, and the answers */
async function ask(url, hashes, clients) {
  const worker = new Worker(new URL('./ledger-proof-client.mjs', import.meta.url), { workerData: { url, hashes, clients } });
  return await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject));
}

/** `cpuMs`: what a proof takes of the ledger's thread, whatever else the machine does. */
async function measureProofs(store, { url, size, verifierKey }, clients) {
  await ask(url, (await sampleHashes(store, size, PROOFS_BEFORE)).hashes, clients);
  const { indexes, hashes } = await sampleHashes(store, size, PROOFS);
  const [start, before] = [performance.now(), process.threadCpuUsage()];
  const { times, bodies } = await ask(url, hashes, clients);
  const elapsed = (performance.now() - start) / 1_000;
  const { user, system } = process.threadCpuUsage(before);
  const verifying = bodies.map((body, at) => {
    const start = performance.now();
    const { index } = verifyLogProof(JSON.parse(body), verifierKey);
    if (index !== indexes[at]) throw new Error('a proof is of another entry');
    return performance.now() - start;
  });
  return { treeSize: size, perSecond: Math.round(PROOFS / elapsed), ...summary(times), cpuMs: Number(((user + system) / 1_000 / PROOFS).toPrecision(3)), verifyMs: summary(verifying).p50Ms };
}

try {
  const store = fixture.databases.store('ledger');
  const appends = await measureAppends(store);
  const loadStart = performance.now();
  await load(store, treeSize);
  const loadSeconds = Math.round((performance.now() - loadStart) / 1_000);
  const ledger = await serve(store);
  const proofs = await measureProofs(store, ledger, 1);
  const proofsOfEight = await measureProofs(store, ledger, 8);
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const report = { commit, cpu: cpus()[0]?.model, cores: cpus().length, node: process.version, appends, loadSeconds, proofs, proofsOfEight };
  console.error(JSON.stringify(report, null, 1));
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
} finally {
  await fixture.stop();
}
