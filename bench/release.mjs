// One attribute released to a vendor because the person's device asks for it: REST, gateway, attributes service, 2t+1 nodes, all over mTLS, in a
// development network of its own; then the vendor's part, opening it. Run: node --conditions=@boop/source bench/release.mjs [--nodes 5] [--threshold 1]
// [--releases 100] [--json FILE]. Prints a table to stderr and one JSON object to stdout. Needs npm run build.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { openAttributes, createVendorClient, pinOf } from '@boop/sdk';
import { attributeNetworkOf, Person, vendorKey } from '../libs/acceptance/src/attributes/person.ts';
import { startNetwork } from '../libs/acceptance/src/network-harness.ts';
import { syntheticPalmOf } from '../libs/acceptance/src/palms.ts';
import { postJson } from '../libs/acceptance/src/shop.ts';

const text = (value) => ({ type: 'string', default: String(value) });
const { values } = parseArgs({ options: { nodes: text(5), threshold: text(1), releases: text(100), json: { type: 'string' } } });
const [nodes, threshold, releases] = [values.nodes, values.threshold, values.releases].map(Number);
const WARM_UP = 20;
const TARGET_MS = 50;
const quantile = (list, share) => list.toSorted((a, b) => a - b)[Math.floor(share * (list.length - 1))];
const spread = (list) => ({ p50: +quantile(list, 0.5).toFixed(1), p95: +quantile(list, 0.95).toFixed(1), min: +Math.min(...list).toFixed(1), runs: list.length });

const network = await startNetwork({ nodes, threshold });
let vendor;
try {
  const { credentials } = network;
  const keys = await attributeNetworkOf(network);
  const recipient = await vendorKey();
  vendor = createVendorClient({ gatewayUrl: network.gatewayUrl, apiKey: credentials.vendor.apiKey, vendorId: credentials.vendor.id, pin: pinOf(network.manifest) });
  const person = new Person(network, keys);
  await person.register(syntheticPalmOf(1));
  await person.attributes.write('email', 'ada@example.org');
  await postJson(`${network.gatewayUrl}/v1/consent-texts`, credentials.admin.key, { purpose: 'bench', version: '1', locale: 'en', title: 'Bench', text: 'A measurement.' });
  const purpose = (await person.consents.texts()).find((candidate) => candidate.purpose === 'bench');
  const now = () => Math.floor(Date.now() / 1000);
  const { consentId } = await person.consents.give({ vendorId: credentials.vendor.id, recipientKey: recipient.publicKey, text: purpose, attributes: [{ name: 'email', positions: ['right-palm'] }], expiresAt: now() + 3_600 });
  const registry = await person.attributes.registry();
  const released = [];
  const opened = [];
  for (let i = 0; i < WARM_UP + releases; i++) {
    const startedAt = performance.now();
    const sealed = await person.attributes.release({ attribute: 'email', consentId, vendorId: credentials.vendor.id, purpose: 'bench' });
    const answeredAt = performance.now();
    const [record] = await openAttributes(sealed, recipient, { network: keys, registry, now: now() });
    if (record?.value !== 'ada@example.org') throw new Error('another value came out');
    if (i < WARM_UP) continue;
    released.push(answeredAt - startedAt);
    opened.push(performance.now() - answeredAt);
  }
  const result = {
    bench: 'release',
    machine: `${cpus().length} × ${cpus()[0].model}`,
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
    nodes,
    threshold,
    releaseMs: spread(released),
    openMs: spread(opened),
    totalMs: spread(released.map((value, at) => value + opened[at])),
    targetMs: TARGET_MS,
  };
  for (const kind of ['releaseMs', 'openMs', 'totalMs']) console.error(`${kind.padEnd(12)} p50 ${String(result[kind].p50).padStart(7)} ms   p95 ${String(result[kind].p95).padStart(7)} ms   min ${String(result[kind].min).padStart(7)} ms`);
  console.log(JSON.stringify(result));
  if (values.json) writeFileSync(values.json, JSON.stringify(result, undefined, 2));
} finally {
  vendor?.close();
  await network.dispose();
}
