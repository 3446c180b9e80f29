import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Crowd, type CrowdState } from './half-open/crowd.ts';
import { type RunningNetwork, startNetwork, until } from './network-harness.ts';
import { syntheticPalmOf } from './palms.ts';
import { Shop } from './shop.ts';

const count = 10_000;
const requests = 200;
const palm = syntheticPalmOf(1);
let network: RunningNetwork;
let shop: Shop;

beforeAll(async () => {
  network = await startNetwork({ nodes: 4, threshold: 1 });
  shop = new Shop(network);
  await shop.register({ 'right-palm': palm.samples });
}, 300_000);
afterAll(async () => {
  shop?.close();
  await network?.dispose();
}, 60_000);

/** Resident memory (Linux). */
async function residentMiB(name: string): Promise<number> {
  const { pid } = (await network.status()).find((process) => process.name === name)!;
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
}

/** Latencies of health requests one after the other, each by a connection of its own; milliseconds, ascending. */
async function healthLatencies(url: string): Promise<number[]> {
  const latencies: number[] = [];
  for (let i = 0; i < requests; i++) {
    const startedAt = performance.now();
    expect((await fetch(`${url}/healthz`, { headers: { connection: 'close' } })).status).toBe(200);
    latencies.push(performance.now() - startedAt);
  }
  return latencies.sort((a, b) => a - b);
}
const p99 = (ascending: readonly number[]): number => ascending[Math.floor(ascending.length * 0.99)]!;

/** Sends a crowd to a port. @returns what it last told of itself, and what sends it away */
async function gather(crowd: Crowd): Promise<{ state(): CrowdState; leave(): Promise<void> }> {
  const child: ChildProcess = fork(fileURLToPath(new URL('./half-open/crowd.ts', import.meta.url)), [JSON.stringify(crowd)], { execArgv: [], env: { ...process.env, NODE_OPTIONS: '' } });
  let state: CrowdState = { open: 0, opened: 0, closed: 0 };
  child.on('message', (told) => (state = told as CrowdState));
  await until(() => state.opened >= crowd.count || child.exitCode !== null, 240_000);
  return {
    state: () => state,
    leave: async () => {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    },
  };
}

const cases: [name: string, process: string, url: () => string, openings: readonly string[]][] = [
  ['the gateway', 'gateway', () => network.gatewayUrl, ['', 'GET /v1/network HTTP/1.1\r\nhost: x\r\n', 'POST /v1/authentications HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{"type"']],
  ['the bridge', 'bridge', () => network.bridgeUrl.replace('ws:', 'http:'), ['', 'GET /ws/vendor HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\n', 'GET /ws/vendor HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n']],
];

describe.each(cases)('10,000 half-open connections at %s', (_, process, url, openings) => {
  test('take bounded memory, are let go in time, and hold up nobody else', async () => {
    const quiet = p99(await healthLatencies(url()));
    const before = await residentMiB(process);
    const crowd = await gather({ port: Number(new URL(url()).port), count, openings });
    try {
      expect(crowd.state().opened).toBeGreaterThanOrEqual(count);
      const during = p99(await healthLatencies(url()));
      const memory = await residentMiB(process);
      const { open, closed } = crowd.state();
      globalThis.process.stderr.write(`${process}: ${open} open, ${closed} closed; health p99 ${quiet.toFixed(1)} ms before, ${during.toFixed(1)} ms during; ${before.toFixed(0)} MiB before, ${memory.toFixed(0)} MiB during\n`);
      await expect(shop.authenticateByChannel(palm.others[0]!)).resolves.toMatchObject({ outcome: 'accepted', verified: true });
      // 20 KiB a connection, and what a process of its size gains in garbage.
      expect(memory - before).toBeLessThan(200 + (count * 20) / 1024);
      expect(during).toBeLessThan(Math.max(1_000, 20 * quiet));
      // None stays: all of the first ten thousand go, and others come.
      await until(() => crowd.state().closed >= count, 240_000);
    } finally {
      await crowd.leave();
    }
    const after = await (async () => {
      for (let tries = 0; tries < 30; tries++) {
        const left = p99(await healthLatencies(url()));
        if (left < Math.max(250, 5 * quiet)) return left;
        await sleep(1_000);
      }
      return Infinity;
    })();
    expect(after).toBeLessThan(Infinity);
  }, 900_000);
});
