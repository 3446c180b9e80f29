// The bridge as a process of its own, clients in another: npm run bench -- bridge [--json FILE]. By itself:
// node --conditions=@boop/source bench/bridge.mjs [--idle 10000] [--subscribers 5000] [--events 100] [--messages 100000] [--kills 1000] [--json FILE]
// Needs `npm run build`, `ulimit -n` above the number of connections, and Linux (/proc). Memory is resident memory of the process; a message counts when a
// client has parsed it.
import { execFileSync, fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { survive } from '../apps/bridge/dist/testing/survive.js';
import { TestBridge } from '../apps/bridge/dist/testing/test-bridge.js';

const { values } = parseArgs({
  options: {
    idle: { type: 'string', default: '10000' }, subscribers: { type: 'string', default: '5000' }, events: { type: 'string', default: '100' },
    messages: { type: 'string', default: '100000' }, kills: { type: 'string', default: '1000' }, json: { type: 'string' },
  },
});
const [idle, subscribers, events, messages, kills] = [values.idle, values.subscribers, values.events, values.messages, values.kills].map(Number);
const VENDORS = 100;
/** Until collected garbage has gone back to the system. */
const SETTLE_MS = 3_000;
const OTHERS = 100;

/** Clients in a process of their own; each request is answered once. */
function clientProcess(url) {
  const child = fork(fileURLToPath(new URL('./lib/bridge-clients.mjs', import.meta.url)), [url], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  return {
    ask: (request) => new Promise((resolve) => {
      child.once('message', resolve);
      child.send(request);
    }),
    close: () => child.kill(),
  };
}

/** @param work gets gateway and database, a bridge process, and its clients */
async function withBridge(limits, work) {
  const b = await TestBridge.withoutBridge({ connectionsPerIdentity: 20_000, connectionsMax: 20_000, ...limits });
  b.script = (method, body) => (method === 'credential.check' ? { role: 'vendor', id: body.key.slice(3) } : {});
  try {
    for (let i = 0; i < VENDORS; i++) await b.appendNumbered(`vendor:v${i}`, 1);
    const bridge = await b.process();
    const clients = clientProcess(bridge.url);
    try {
      return await work({ b, bridge, clients });
    } finally {
      clients.close();
    }
  } finally {
    await b.stop();
  }
}

const idleConnections = () =>
  withBridge({}, async ({ bridge, clients }) => {
    // What the first connections bring with them, code and pools, isn't theirs.
    await clients.ask({ open: 100, vendors: VENDORS });
    await sleep(SETTLE_MS);
    const before = bridge.residentBytes;
    await clients.ask({ open: idle, vendors: VENDORS });
    await sleep(SETTLE_MS);
    const [after, cpuBefore] = [bridge.residentBytes, bridge.cpuMs];
    await sleep(SETTLE_MS);
    return { connections: idle, kibibytesEach: Number(((after - before) / idle / 1024).toPrecision(3)), residentMebibytes: Math.round(after / 2 ** 20), cpuShare: Number(((bridge.cpuMs - cpuBefore) / SETTLE_MS).toPrecision(2)) };
  });

/** `inFlight` events are on their way at a time: with one, each waits until all have heard the one before. */
const fanOut = (inFlight) =>
  withBridge({}, async ({ b, bridge, clients }) => {
    await clients.ask({ open: subscribers, vendors: 1 });
    const warmUp = await b.appendNumbered('vendor:v0', 1);
    await clients.ask({ until: warmUp });
    const [start, cpuBefore] = [performance.now(), bridge.cpuMs];
    for (let sent = 0; sent < events; sent += inFlight) await clients.ask({ until: await b.appendNumbered('vendor:v0', inFlight) });
    const seconds = (performance.now() - start) / 1_000;
    const { gaps } = await clients.ask({ report: true });
    const count = events * subscribers;
    return { subscribers, inFlight, messages: count, gaps, messagesPerSecond: Math.round(count / seconds), microsecondsOfBridgeCpuEach: Number((((bridge.cpuMs - cpuBefore) * 1_000) / count).toPrecision(3)) };
  });

/** Others' delay from the commit to the last of them, with and without a client among them that doesn't read. */
const slowConsumer = () =>
  withBridge({}, async ({ b, clients }) => {
    await clients.ask({ open: OTHERS, vendors: 1 });
    const delays = async () => {
      const times = [];
      for (let i = 0; i < 100; i++) {
        const start = performance.now();
        await clients.ask({ until: await b.appendNumbered('vendor:v0', 20) });
        times.push(performance.now() - start);
      }
      times.sort((x, y) => x - y);
      return { p50Ms: Number(times[50].toPrecision(3)), p99Ms: Number(times[98].toPrecision(3)) };
    };
    await delays();
    const alone = await delays();
    await clients.ask({ openSlow: true });
    const besideSlow = await delays();
    // More than the sockets' own buffers hold.
    for (let i = 0; i < 20; i++) await b.append('vendor:v0', ...Array.from({ length: 10 }, () => ({ type: 'context_expired', contextId: 'x'.repeat(60_000) })));
    const { code } = await clients.ask({ slowClosed: true });
    return { others: OTHERS, alone, besideSlow, slowClosedWith: code, gapsOfOthers: (await clients.ask({ report: true })).gaps };
  });

const round = ({ seconds, ...outcome }) => ({ ...outcome, seconds: Number(seconds.toPrecision(3)) });
const report = {
  commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
  cpu: cpus()[0]?.model, cores: cpus().length, node: process.version,
  idle: await idleConnections(),
  fanOut: [await fanOut(1), await fanOut(10)],
  slowConsumer: await slowConsumer(),
  killedClient: round(await survive({ messages, kills, bridges: 1 })),
  killedBridge: round(await survive({ messages, kills, bridges: 2, bridgeKills: 4 })),
};
console.error(JSON.stringify(report, null, 1));
if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
process.exit(0);
