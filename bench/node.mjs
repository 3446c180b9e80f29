// Authentications led by one node at a time in a network of node processes, over mTLS, each with its own database, without a gateway.
// Run: node --conditions=@boop/source bench/node.mjs [--nodes 5] [--threshold 1] [--rows 6] [--gallery 10000] [--probes 60] [--restarts 0] [--cpu] [--json FILE]
// With --restarts all nodes are stopped and started again so many times, and one authentication is asked for as soon as all call themselves ready: what the first ones after a start take,
// against a later one.
// With --cpu there is a pause after each, and what is told is CPU per authentication, by process and thread: from full stocks to full stocks, so that what is
// made ahead counts, less what the same processes use when nobody comes.
// Prints a table to stderr and one JSON object to stdout. Needs `prisma generate` (npm run build).
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { systemRng as rng } from '@boop/platform';
import { authenticationContext, capture, enrolment, probe, randomPalm } from '../apps/mpc-node/src/testing/fixtures.ts';
import { ProcessNetwork } from '../apps/mpc-node/src/testing/process-network.ts';
import { cpuBelow, cpuPer } from './lib/cpu.mjs';

const text = (value) => ({ type: 'string', default: String(value) });
const { values } = parseArgs({ options: { nodes: text(5), threshold: text(1), rows: text(6), gallery: text(0), probes: text(60), restarts: text(0), cpu: { type: 'boolean' }, json: { type: 'string' } } });
const [nodes, threshold, rows, gallery, probes, restarts] = [values.nodes, values.threshold, values.rows, values.gallery, values.probes, values.restarts].map(Number);
const WARM_UP = 2 * nodes;
const PAUSE_MS = 150;
const IDLE_MS = 5_000;
const quantile = (list, share) => list.toSorted((a, b) => a - b)[Math.floor(share * (list.length - 1))];
const spread = (list) => ({ p50: +quantile(list, 0.5).toFixed(1), p95: +quantile(list, 0.95).toFixed(1), min: +Math.min(...list).toFixed(1), runs: list.length });
const byStage = (answers) => Object.fromEntries(Object.keys(answers[0].stages).map((stage) => [stage, spread(answers.map(({ stages }) => stages[stage]))]));

const cpu = () => cpuBelow(process.pid, (command) => (command.includes('main.ts') ? 'nodes' : command.includes('postgres') ? 'postgres' : undefined));

/** Waits until the nodes have made what they keep ahead. */
async function stocked(network) {
  const held = async () => (await Promise.all(Array.from({ length: nodes }, (_, at) => network.request(at + 1, 'node.status', {})))).map(({ correlations }) => correlations).join();
  for (let [before, same] = [await held(), 0]; same < 10; ) {
    await sleep(100);
    const now = await held();
    [before, same] = [now, now === before ? same + 1 : 0];
  }
}

/** Of one authentication since a reading. */
async function cpuOfOne(start) {
  await stocked(network);
  const end = cpu();
  await sleep(IDLE_MS);
  return cpuPer(probes, start, end, cpu());
}

const ids = Array.from({ length: nodes }, (_, at) => at + 1);
const authenticate = async (palm, by) => await network.request(by, 'authentication.run', await probe(network.splitter, authenticationContext(network.manifest, rng, Date.now()), capture(palm, rng)));

/** Milliseconds of the first authentications after a start, one led by each node, and until all were ready; `refused` where the first one was, or registered palms are not found. */
async function afterStart(palms) {
  for (const id of ids) await network.kill(id);
  const startedAt = performance.now();
  for (const id of ids) await network.start(id);
  await network.waitReady(ids);
  const readyMs = performance.now() - startedAt;
  const took = [];
  let refused;
  for (const id of ids) {
    const askedAt = performance.now();
    const answer = await authenticate(palms[id % palms.length], id).catch((error) => ({ reason: error.code ?? 'failed' }));
    if (!answer.accepted) refused ??= `${id}: ${answer.reason}`;
    took.push(performance.now() - askedAt);
  }
  return { readyMs, took, refused };
}

const network = await ProcessNetwork.create({ nodes, threshold });
try {
  // Strangers that every search passes over; a few thousand different ones do.
  const strangers = Array.from({ length: Math.min(gallery, 2_048) }, () => randomPalm(rng));
  if (gallery > 0) await network.fill(gallery, (slot) => strangers[slot % strangers.length]);
  const palms = Array.from({ length: rows }, () => randomPalm(rng));
  const registrations = [];
  for (const palm of palms) registrations.push(await network.request(1, 'registration.run', await enrolment(network.splitter, { 'right-palm': palm }, Date.now()), 60_000));
  const accepted = [];
  let start;
  for (let i = 0; i < WARM_UP + probes; i++) {
    if (values.cpu && i === WARM_UP) {
      await stocked(network);
      start = cpu();
    }
    const answer = await authenticate(palms[i % rows], 1 + (i % nodes));
    if (!answer.accepted) throw new Error(`a registered palm was refused: ${answer.reason}`);
    if (i >= WARM_UP) accepted.push(answer);
    if (values.cpu) await sleep(PAUSE_MS);
  }
  const cpuMs = values.cpu && (await cpuOfOne(start));
  const starts = [];
  for (let i = 0; i < restarts; i++) starts.push(await afterStart(palms));
  const result = {
    bench: 'node',
    machine: `${cpus().length} × ${cpus()[0].model}`,
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
    nodes,
    threshold,
    rows: gallery + rows,
    ...(cpuMs && { cpuMs }),
    verified: accepted.every(({ verified }) => verified),
    authenticateMs: byStage(accepted),
    registerMs: byStage(registrations),
    ...(restarts > 0 && {
      afterStartMs: { ready: spread(starts.map(({ readyMs }) => readyMs)), first: spread(starts.map(({ took }) => took[0])), others: spread(starts.flatMap(({ took }) => took.slice(1))) },
      refusedAfterStart: starts.flatMap(({ refused }) => refused ?? []),
    }),
  };
  for (const kind of ['authenticateMs', 'registerMs'])
    for (const [stage, { p50, p95 }] of Object.entries(result[kind])) console.error(`${kind.padEnd(15)} ${stage.padEnd(13)} p50 ${String(p50).padStart(7)} ms   p95 ${String(p95).padStart(7)} ms`);
  if (restarts > 0) console.error(JSON.stringify({ ...result.afterStartMs, refused: result.refusedAfterStart }, undefined, 1));
  if (cpuMs) console.error(JSON.stringify(cpuMs, undefined, 1));
  console.log(JSON.stringify(result));
  if (values.json) writeFileSync(values.json, JSON.stringify(result, undefined, 2));
} finally {
  await network.stop();
}
