// Links of 20 ms each way between all, the gateway's too: five engines with correlations in stock that make a 1:1 decision, in one committee, and in the
// whole family whose agreement makes it verified; then five whole nodes, from the request at the gateway to the signed token.
// Run: node --conditions=@boop/source bench/wan.mjs [--quick] [--json FILE]
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { committeeFamily } from '@boop/mpc';
import { LinkClient, systemRng } from '@boop/platform';
import { ChaosProxy } from '@boop/testing';
import { networkId, startParties } from './lib/processes.mjs';
import { percentiles, report, round } from './lib/report.mjs';
import { measureWholeNetwork } from './lib/whole-network.mjs';

const { values } = parseArgs({ options: { quick: { type: 'boolean' }, json: { type: 'string' }, delay: { type: 'string', default: '20' } } });
const delayMs = Number(values.delay);
const repetitions = values.quick ? 5 : 40;
const once = (value) => () => value;
const spentOn = [
  'gateway to leader: the request',
  'leader to members: the announcement, with its masked scores behind it',
  'members to members: masked scores',
  'members to the next: the products of the interval test',
  'members to members: the decision',
  '(verified: members of the other committees to the leader: what they decided)',
  'leader to gateway: the answer',
];

const proxies = [];
async function reachedAt(port) {
  const proxy = await ChaosProxy.start({ target: { host: '127.0.0.1', port }, rng: systemRng });
  proxy.set({ delayMs });
  proxies.push(proxy);
  return proxy.port;
}
const parties = await startParties(5, { addressOf: async (_from, _to, port) => await reachedAt(port) });
const results = [];
try {
  await parties.all('load', once({ name: 'palms', seed: randomBytes(32), rows: 2, probeCount: 1, threshold: 1, shards: 0, every: 2 }));
  const family = committeeFamily(parties.ids, 5, 1).committees.map((members) => ({ name: members.join(), members, threshold: 1 }));
  const plan = { backEnd: 'one-hot', orForm: 'sum', blockRows: 1, flights: 1 };
  const stocks = family.map(() => randomBytes(16));
  const blocks = 2 * repetitions + 4;
  for (const [at, committee] of family.entries()) {
    await parties.all('agree', once({ committee, context: randomBytes(32), runId: randomBytes(16) }), committee.members);
    await parties.all('stock', once({ committee, runId: randomBytes(16), batchId: stocks[at], blocks, probes: 1, plan }), committee.members);
  }
  const gateway = new LinkClient({ tls: parties.gatewayTls, networkId, expect: { role: 'node', id: '1' }, host: '127.0.0.1', port: await reachedAt(parties.ports[0]) });
  await gateway.waitConnected(10_000);
  let at = 0;
  for (const [label, count] of [['one committee', 1], ['verified: the whole family side by side, all heard', family.length]]) {
    const times = [];
    for (let run = -2; run < repetitions; run++, at++) {
      const start = performance.now();
      await gateway.request('verify', { committees: family.slice(0, count), plan, stocks: stocks.slice(0, count), at, heardFromAll: count > 1 }, { timeoutMs: 10_000 });
      if (run >= 0) times.push(performance.now() - start);
    }
    const latency = percentiles(times);
    results.push({ decision: label, committees: count, nodes: 5, threshold: 1, delayMs, ...latency, oneWayDelays: round(latency.p50 / delayMs, 2), latencyMs: latency, spentOn });
  }
  await gateway.close();
} finally {
  await parties.stop();
  await Promise.all(proxies.map((proxy) => proxy.stop()));
}
results.push(await measureWholeNetwork({ nodes: 5, threshold: 1, delayMs, repetitions }));
spentOn.forEach((what, i) => process.stderr.write(`${i + 1}. ${what}\n`));
for (const { stage, p50, min, oneWayDelays, spentOn: what = '' } of results.at(-1).stages) process.stderr.write(`${stage.padEnd(9)} p50 ${p50} ms, fastest ${min} ms = ${oneWayDelays} delays  ${what}\n`);
report('wan', results, values.json);
