import { afterEach, describe, expect, test } from '@jest/globals';
import { openCheckpoint } from '@boop/log';
import { Account, MapLog } from '@boop/log/testing';
import { compareWithPeers, HttpLogSource, Monitor, serveMonitor } from './index.ts';
import { cosignerOf } from './testing/cosigner.ts';
import { MemoryStore } from './testing/memory-store.ts';
import { serveLog } from './testing/serve-log.ts';
import { logOf, ServedLog } from './testing/served-log.ts';

const own = cosignerOf('monitor.example/m', 40);
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function serve(...input: Parameters<typeof serveLog>): Promise<string> {
  const { url, close } = await serveLog(...input);
  closing.push(close);
  return url;
}

const watch = (vkey: string, url: string): Monitor =>
  new Monitor({ vkey, source: new HttpLogSource(url), store: new MemoryStore(), clock: { nowMs: () => 1_700_000_000_000 }, signer: { key: own.key, sign: own.sign }, entryFault: () => undefined });

describe('over HTTP', () => {
  test('a monitor follows log and map, and another monitor compares with it', async () => {
    const log = await MapLog.create();
    const source = new ServedLog(log);
    const url = await serve(source);
    const monitor = watch(log.vkey, url);
    expect(await monitor.step()).toMatchObject({ alarms: [], head: { size: 1 }, revision: 0 });
    await log.revise([[new Account('alice'), 'one']]);
    expect(await monitor.step()).toMatchObject({ alarms: [], head: { size: 2 }, revision: 1 });

    const server = await serveMonitor(monitor, () => [], { host: '127.0.0.1', port: 0 });
    closing.push(() => server.close());
    const peer = new HttpLogSource(`http://127.0.0.1:${server.port}`);
    expect(openCheckpoint(await peer.checkpoint(), { vkey: log.vkey, cosigners: [own.vkey], quorum: 1 }).checkpoint.size).toBe(2);

    const victim = watch(log.vkey, await serve(new ServedLog(await logOf(['another', 'two', 'three']))));
    await victim.step();
    const gossip = await compareWithPeers(victim, [peer, new HttpLogSource('http://127.0.0.1:1')]);
    expect(gossip).toMatchObject({ alarms: [{ code: 'log.two-histories', evidence: { leafIndex: 0 } }], unusable: ['http://127.0.0.1:1'] });

    const get = async (path: string) => fetch(`http://127.0.0.1:${server.port}/${path}`);
    expect(await (await get('status')).json()).toEqual({ size: 2, revision: 1, convicted: false });
    expect(await (await get('evidence')).json()).toEqual({ items: [] });
    for (const path of ['', 'tile/0/001', 'tile/0/000.p/3', 'tile/9', '../state.json']) expect([path, (await get(path)).status]).toEqual([path, 404]);
    expect((await fetch(`http://127.0.0.1:${server.port}/status`, { method: 'POST' })).status).toBe(405);
  });

  test('a partial tile that is gone is cut from the full one', async () => {
    const names = Array.from({ length: 300 }, (_, at) => `entry ${at}`);
    const source = new ServedLog(await logOf(names.slice(0, 200)));
    const old = source.log.log.head;
    await source.log.append(names.slice(200).map((name) => new TextEncoder().encode(name)));
    source.head = old;
    const url = await serve(source, (path) => (path.endsWith('.p/200') ? 404 : undefined));
    expect(await watch(source.log.vkey, url).step()).toMatchObject({ alarms: [], head: { size: 200 } });
  });

  test.each<[string, (path: string) => Uint8Array | number | undefined, string]>([
    ['is down', () => 503, 'monitor.unreachable'],
    ['serves no checkpoint', (path) => (path === 'checkpoint' ? 404 : undefined), 'monitor.unreachable'],
    ['serves no tiles', (path) => (path.startsWith('tile') ? 404 : undefined), 'log.tile-missing'],
    ['serves endless text', (path) => (path === 'checkpoint' ? new Uint8Array(1_000_001) : undefined), 'monitor.oversized'],
    ['serves no text', (path) => (path === 'checkpoint' ? Uint8Array.of(0xff) : undefined), 'log.malformed-note'],
    ['serves a map head of its own making', (path) => (path.endsWith('map/head') ? new TextEncoder().encode('{"revision":"1"}') : undefined), 'monitor.malformed-map-head'],
  ])('a log that %s changes nothing', async (_what, bend, code) => {
    const log = await MapLog.create();
    const monitor = watch(log.vkey, await serve(new ServedLog(log), bend));
    await expect(monitor.step()).rejects.toMatchObject({ code });
    expect(monitor.state.head.size).toBe(0);
  });
});
