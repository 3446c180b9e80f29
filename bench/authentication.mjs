// Authentications against a running network (npm start): node --conditions=@boop/source bench/authentication.mjs
// [--data DIR] [--port-base N] [--palms 6] [--probes 60] [--concurrency 1,2,4] [--json FILE]
// Times run from the capture's presentation at the terminal until the vendor holds the verified token.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { syntheticPalm } from '@boop/biometric';
import { SigningKey } from '@boop/identity';
import { createRegistrationClient, createTerminalClient, createVendorClient, encodeCapture, encodeGreyBmp, splitAndSeal } from '@boop/sdk';
import { fromBase64Url } from '@boop/shared';
import { fromHere, openAccess } from '../apps/cli/src/demo/network-access.ts';
import { presentAll } from '../apps/cli/src/demo/recognition.ts';
import { registerAll } from '../apps/cli/src/demo/registrations.ts';
import { percentile } from '../apps/cli/src/demo/report.ts';
import { Story } from '../apps/cli/src/demo/story.ts';
import { syntheticPlan } from '../apps/cli/src/demo/synthetic-captures.ts';

const { values } = parseArgs({
  options: {
    data: { type: 'string' }, json: { type: 'string' }, 'port-base': { type: 'string' },
    palms: { type: 'string', default: '6' }, probes: { type: 'string', default: '60' }, concurrency: { type: 'string', default: '1,2,4' },
  },
});
const WARM_UP = 5;
const probes = Number(values.probes);
const access = openAccess({ data: values.data, portBase: values['port-base'] === undefined ? undefined : Number(values['port-base']) });
const signal = new AbortController().signal;
const story = new Story(process.stderr);
const spread = (times) => ({ p50: percentile(times, 0.5), p95: percentile(times, 0.95), p99: percentile(times, 0.99), max: percentile(times, 1) });

const { gatewayUrl, pin } = access;
const account = { gatewayUrl, apiKey: access.vendor.apiKey, vendorId: access.vendor.id, pin };
const network = await createVendorClient(account).network();
const vendor = createVendorClient({ ...account, bridgeUrl: network.bridgeUrl, issuer: network.issuer });
const device = SigningKey.fromSecret(fromBase64Url(access.terminal.deviceSecret));
const terminal = createTerminalClient({ bridgeUrl: network.bridgeUrl, terminalKey: access.terminal.key, device, pin });
await terminal.connect();
const shop = { vendor, terminal, terminalId: access.terminal.id };

async function onDevice() {
  const capture = encodeGreyBmp(syntheticPalm({ identity: 1, position: 'right-palm', capture: 0 }));
  const sessionId = 'A'.repeat(43);
  const times = { encode: [], splitAndSeal: [] };
  for (let run = -WARM_UP; run < 50; run++) {
    const startMs = performance.now();
    const { template } = encodeCapture(capture);
    const encodedMs = performance.now();
    await splitAndSeal({ network, purpose: 'authentication', sessionId, items: [{ item: { role: 'probe' }, template }], device });
    if (run < 0) continue;
    times.encode.push(encodedMs - startMs);
    times.splitAndSeal.push(performance.now() - encodedMs);
  }
  return { encode: spread(times.encode), splitAndSeal: spread(times.splitAndSeal) };
}

const plan = syntheticPlan(Number(values.palms));
await registerAll(createRegistrationClient({ bridgeUrl: network.bridgeUrl, pin }), plan.enrolments, story, signal);
const some = (count) => Array.from({ length: count }, (_, i) => plan.genuine[i % plan.genuine.length]);
await presentAll(shop, some(WARM_UP), { concurrency: 1, story, signal });

const authentications = [];
for (const concurrency of values.concurrency.split(',').map(Number)) {
  const startMs = performance.now();
  const results = await presentAll(shop, some(probes), { concurrency, story, signal });
  const seconds = (performance.now() - startMs) / 1000;
  const accepted = results.filter(({ decision }) => decision === 'accept').length;
  authentications.push({ concurrency, probes, accepted, perSecond: Math.round((probes / seconds) * 10) / 10, ...spread(results.map(({ milliseconds }) => milliseconds)) });
}
const stages = await onDevice();
vendor.close();
terminal.close();

const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
const report = { bench: 'authentication', commit, node: process.version, machine: cpus()[0]?.model, cores: cpus().length, network: { nodes: network.nodes, threshold: network.threshold, palms: plan.enrolments.length }, authentications, onDeviceMs: stages };
if (values.json !== undefined) writeFileSync(fromHere(values.json), `${JSON.stringify(report, null, 2)}\n`);
console.log(`authentication · ${network.nodes} nodes, threshold ${network.threshold}, ${plan.enrolments.length} palms · ${report.machine} · node ${report.node} · ${commit}`);
console.table(authentications);
console.table(stages);
