import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { openCheckpoint, verifyEvidence } from '@boop/log';
import { Account, MapLog } from '@boop/log/testing';
import { logEntryBytes } from '@boop/protocol';
import { entryFault, FileMonitorStore, Monitor, type MonitorOptions, type MonitorStore } from './index.ts';
import { cosignerOf } from './testing/cosigner.ts';
import { MemoryStore } from './testing/memory-store.ts';
import { ServedLog } from './testing/served-log.ts';

const own = cosignerOf('monitor.example/m', 40);
const witness = cosignerOf('witness.example/w', 41);
const folder = mkdtempSync(join(tmpdir(), 'boop-monitor-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const entry = (session: number) =>
  logEntryBytes({ v: 1, networkId: 'n', epoch: 1, time: 1_700_000_000, kind: 'authentication', session: Buffer.alloc(32, session).toString('base64url'), decision: 'rejected', verified: true });
const entries = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => entry(from + at));

function watch(source: ServedLog, options: Partial<MonitorOptions> = {}): Monitor {
  return new Monitor({ vkey: source.log.vkey, source, store: new MemoryStore(), clock: { nowMs: () => 1_700_000_000_000 }, signer: { key: own.key, sign: own.sign }, ...options });
}

describe.each<[string, () => MonitorStore]>([
  ['memory', () => new MemoryStore()],
  ['files', () => new FileMonitorStore(mkdtempSync(join(folder, 'm-')))],
])('a monitor that keeps its state in %s', (_kind, createStore) => {
  test('follows an honest log over restarts, reads each entry once, and cosigns what it verified', async () => {
    const log = new MapLog();
    const source = new ServedLog(log);
    const store = createStore();
    const people = Array.from({ length: 6 }, (_, at) => new Account(`person ${at}`));
    let monitor = watch(source, { store });
    for (let round = 0; round < 6; round++) {
      await log.append(entries(round * 100, round * 100 + 90));
      await log.revise(people.slice(0, round + 1).map((account) => [account, `value ${round}`]));
      if (round === 4) {
        await log.revise([]);
        monitor = watch(source, { store });
        await monitor.load();
      }
      source.requests.length = 0;
      expect(await monitor.step()).toMatchObject({ alarms: [], head: log.log.head, revision: log.records.length });
      expect(source.requests.filter((path) => path.startsWith('entries')).length).toBeLessThanOrEqual(2);
    }
    const { checkpoint, cosigned } = openCheckpoint(monitor.state.cosigned!, { vkey: log.vkey, cosigners: [own.vkey], quorum: 1 });
    expect(checkpoint).toMatchObject(log.log.head);
    expect(cosigned).toEqual([{ name: 'monitor.example/m', timeS: 1_700_000_000 }]);
  });
});

describe('a monitor', () => {
  test('is not disturbed by an older checkpoint from a cache', async () => {
    const log = new MapLog();
    const source = new ServedLog(log);
    await log.append(entries(0, 5));
    const old = log.log.head;
    await log.append(entries(5, 9));
    const monitor = watch(source);
    await monitor.step();
    source.head = old;
    expect(await monitor.step()).toMatchObject({ alarms: [], head: { size: 9 } });
  });

  test('tells cosignatures that are missing, old or false', async () => {
    const log = new MapLog();
    const source = new ServedLog(log);
    await log.append(entries(0, 3));
    const policy = { cosigners: [witness.vkey], quorum: 1, cosignatureAgeMaxS: 60 };
    const codes = async (timeS: number, secret = witness.secret) => {
      source.bendCheckpoint = (note) => log.cosign(note, witness.key, secret, timeS);
      return (await watch(source, policy).step()).alarms.map(({ code, evidence }) => [code, evidence]);
    };
    expect(await codes(1_699_999_940)).toEqual([]);
    expect(await codes(1_699_999_939)).toEqual([['log.too-few-cosignatures', undefined]]);
    expect(await codes(1_699_999_999, own.secret)).toEqual([['log.bad-signature', undefined]]);
  });

  test('holds entries to the form of the network, with evidence', async () => {
    const log = new MapLog();
    const source = new ServedLog(log);
    await log.append([...entries(0, 3), new TextEncoder().encode('{"kind":"gossip"}'), ...entries(4, 6)]);
    const monitor = watch(source);
    const { alarms, head } = await monitor.step();
    expect(head.size).toBe(6);
    expect(alarms.map(({ code }) => code)).toEqual(['log.malformed-entry']);
    expect(verifyEvidence(alarms[0]!.evidence!, { vkey: log.vkey, entryFault })).toMatchObject({ kind: 'entry', code: 'log.malformed-entry' });
    expect(monitor.state.convicted).toBe(true);
  });

  test('refuses a state that is not its own', async () => {
    const store = new MemoryStore();
    for (const state of ['', '{}', '{"v":1,"head":{"size":-1,"root":""}}']) {
      store.state = state;
      await expect(watch(new ServedLog(new MapLog()), { store }).load()).rejects.toMatchObject({ code: 'monitor.malformed-state' });
    }
  });
});
