// The public API of a whole network of its own: npm run bench -- api [--json FILE]. By itself:
// node --conditions=@boop/source bench/api.mjs [--nodes 5] [--gallery 10000] [--probes 200] [--pause-ms 100] [--overload-seconds 5] [--json FILE]
// Needs `npm run build`. Health: autocannon in a process of its own. Authentications: from the capture's presentation at the terminal until the vendor holds the
// verified token. Overload: probes with ready-made splits, sent at ten times the measured capacity whether or not the last ones were answered.
import { execFile, execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { openFileCustody, systemRng } from '@boop/platform';
import { SigningKey } from '@boop/identity';
import { pinOf, createRegistrationClient, createTerminalClient, createVendorClient, encodeCapture, splitAndSeal } from '@boop/sdk';
import { fromBase64Url } from '@boop/shared';
import { startNetwork } from '../libs/acceptance/dist/network-harness.js';
import { presentAll } from '../apps/cli/src/demo/recognition.ts';
import { registerAll } from '../apps/cli/src/demo/registrations.ts';
import { Story } from '../apps/cli/src/demo/story.ts';
import { syntheticPlan } from '../apps/cli/src/demo/synthetic-captures.ts';
import { copyRowsOf } from '../apps/mpc-node/src/store/copy-rows.ts';
import { openDatabase } from '../apps/mpc-node/src/store/database.ts';
import { PrismaGalleryStore } from '../apps/mpc-node/src/store/prisma-gallery-store.ts';
import { openSealer } from '../apps/mpc-node/src/store/sealer.ts';
import { fillGalleries } from '../apps/mpc-node/src/testing/fill-galleries.ts';
import { randomPalm } from '../apps/mpc-node/src/testing/fixtures.ts';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '5' }, gallery: { type: 'string', default: '10000' }, probes: { type: 'string', default: '200' }, 'pause-ms': { type: 'string', default: '100' },
    'overload-seconds': { type: 'string', default: '5' }, json: { type: 'string' },
  },
});
const [nodes, gallery, probes, pauseMs, overloadSeconds] = [values.nodes, values.gallery, values.probes, values['pause-ms'], values['overload-seconds']].map(Number);
const PALMS = 6;
const WARM_UP = 10;
const STRANGERS = 2_048;
const OVERLOAD = 10;
const CAPACITY_PROBES = 24;
const autocannon = createRequire(import.meta.url).resolve('autocannon');
const story = new Story(process.stderr);
const signal = new AbortController().signal;

const quantile = (sorted, share) => Math.round(sorted[Math.floor(share * (sorted.length - 1))] * 10) / 10;
function spread(times) {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted.length === 0 ? { count: 0 } : { count: sorted.length, p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95), p99: quantile(sorted, 0.99), max: quantile(sorted, 1) };
}

async function measureHealth(network) {
  const run = async (seconds) => JSON.parse((await promisify(execFile)(process.execPath, [autocannon, '--json', '--connections', '50', '--duration', String(seconds), `${network.gatewayUrl}/healthz`], { maxBuffer: 2 ** 24 })).stdout);
  await run(2);
  const { requests, latency, non2xx, errors } = await run(8);
  return { requestsPerSecond: Math.round(requests.average), p50Ms: latency.p50, p99Ms: latency.p99, failed: non2xx + errors };
}

/** Strangers that every search passes over, written into the stores of stopped nodes. */
async function fill(network) {
  const parties = network.manifest.members.map(({ party }) => party);
  for (const party of parties) await network.killNode(party);
  const opened = await Promise.all(
    parties.map(async (party) => {
      const custody = openFileCustody(join(network.dataDir, `nodes/${party}/keys`), systemRng);
      const databaseUrl = network.read(`nodes/${party}/database.url`).trim();
      const database = await openDatabase(databaseUrl);
      const sealer = await openSealer(database, custody, network.manifest.epoch, systemRng);
      const close = async () => {
        sealer.wipe();
        await database.$disconnect();
      };
      return { custody, store: new PrismaGalleryStore(database, sealer, copyRowsOf(databaseUrl)), close };
    }),
  );
  const strangers = Array.from({ length: Math.min(gallery, STRANGERS) }, () => randomPalm(systemRng));
  await fillGalleries(network.manifest, opened, gallery, (slot) => strangers[slot % strangers.length], systemRng);
  for (const { close } of opened) await close();
  for (const party of parties) await network.startNode(party);
  await network.settled();
}

async function openShop(network) {
  const { vendor: account, terminal } = network.credentials;
  const pin = pinOf(network.manifest);
  const device = SigningKey.fromSecret(fromBase64Url(terminal.deviceSecret));
  const client = { gatewayUrl: network.gatewayUrl, bridgeUrl: network.bridgeUrl, apiKey: account.apiKey, vendorId: account.id, pin };
  const shop = { vendor: createVendorClient(client), terminal: createTerminalClient({ bridgeUrl: network.bridgeUrl, terminalKey: terminal.key, device, pin }), terminalId: terminal.id };
  await shop.terminal.connect();
  return { shop, device, terminalKey: terminal.key };
}

const timesOf = (results) => {
  const accepted = results.filter(({ decision }) => decision === 'accept');
  return { accepted: accepted.length, verified: accepted.every(({ verified }) => verified), ...spread(accepted.map(({ milliseconds }) => milliseconds)) };
};

/** One person after the other, with a pause between them. */
async function lowLoad(shop, some) {
  const results = [];
  for (const probe of some(probes)) {
    results.push(...(await presentAll(shop, [probe], { concurrency: 1, story, signal })));
    await sleep(pauseMs);
  }
  return timesOf(results);
}

/** Persons who never wait, so many at a time as bring the most. */
async function capacity(shop, some) {
  const tried = [];
  for (const concurrency of [1, 2, 4]) {
    const start = performance.now();
    const results = await presentAll(shop, some(CAPACITY_PROBES), { concurrency, story, signal });
    tried.push({ concurrency, perSecond: Math.round((results.length / (performance.now() - start)) * 10_000) / 10, ...timesOf(results) });
  }
  return tried;
}

async function overload({ shop, device, terminalKey }, network, some, perSecond) {
  const info = await shop.vendor.network();
  const count = Math.round(perSecond * OVERLOAD * overloadSeconds);
  const templates = await Promise.all(some(PALMS).map(async ({ capture }) => encodeCapture(await capture.load()).template));
  const ready = [];
  for (let at = 0; at < count; at++) {
    // No terminal is named, so none hears of it: the probe goes by REST.
    const { authentication } = await shop.vendor.createAuthentication({ type: 'access' });
    const split = await splitAndSeal({ network: info, purpose: 'authentication', sessionId: authentication.sessionId, items: [{ item: { role: 'probe' }, template: templates[at % templates.length] }], device });
    ready.push({ url: `${network.gatewayUrl}/v1/authentications/${authentication.id}/probe`, body: JSON.stringify({ split }) });
  }
  const start = performance.now();
  const answers = await Promise.all(
    ready.map(async ({ url, body }, at) => {
      await sleep(Math.max(0, start + (at * overloadSeconds * 1_000) / count - performance.now()));
      const sentMs = performance.now();
      const response = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${terminalKey}`, 'content-type': 'application/json' }, body });
      const { result } = await response.json();
      return { status: response.status, retryAfter: response.headers.has('retry-after'), accepted: result?.reason === 'ok', milliseconds: performance.now() - sentMs };
    }),
  );
  const seconds = (performance.now() - start) / 1_000;
  const served = answers.filter(({ status }) => status === 200);
  const shed = answers.filter(({ status }) => status === 429 || status === 503);
  const statuses = Object.fromEntries([...new Set(answers.map(({ status }) => status))].map((status) => [status, answers.filter((answer) => answer.status === status).length]));
  return {
    offeredPerSecond: Math.round(count / overloadSeconds), servedPerSecond: Math.round((served.length / seconds) * 10) / 10, statuses,
    servedMs: spread(served.map(({ milliseconds }) => milliseconds)), refusedMs: spread(shed.map(({ milliseconds }) => milliseconds)), refusedWithRetryAfter: shed.filter(({ retryAfter }) => retryAfter).length,
  };
}

const network = await startNetwork({ nodes });
try {
  const health = await measureHealth(network);
  console.error('health', health);
  if (gallery > 0) await fill(network);
  const { shop, ...rest } = await openShop(network);
  const plan = syntheticPlan(PALMS);
  await registerAll(createRegistrationClient({ bridgeUrl: network.bridgeUrl, pin: pinOf(network.manifest) }), plan.enrolments, story, signal);
  const some = (count) => Array.from({ length: count }, (_, at) => plan.genuine[at % plan.genuine.length]);
  const first = timesOf(await presentAll(shop, some(1), { concurrency: 1, story, signal }));
  await presentAll(shop, some(WARM_UP), { concurrency: 1, story, signal });
  const atLowLoad = await lowLoad(shop, some);
  const throughput = await capacity(shop, some);
  const best = Math.max(...throughput.map(({ perSecond }) => perSecond));
  const overloaded = await overload({ shop, ...rest }, network, some, best);
  shop.vendor.close();
  shop.terminal.close();
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const report = { bench: 'api', commit, cpu: cpus()[0]?.model, cores: cpus().length, node: process.version, nodes, rows: gallery + PALMS, health, firstAuthenticationMs: first.max, lowLoadMs: atLowLoad, throughput, overload: overloaded };
  console.error(JSON.stringify(report, null, 1));
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
} finally {
  await network.dispose();
}
process.exit(0);
